import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { call, type Server, startServer } from './command.ts'
import { createTestDatabase, serverUrl } from './database.ts'

const EMAIL = 'contract@example.com'
/** Not one of the examples in the contract: whoever sends those must not delete the account. */
const PASSWORD = 'seldom-said-4711'

export interface Guest { email: string, password: string, token: string }

/** Runs `work` against a server of its own, without limits, on the embedded database or on that of TEST_DATABASE_URL. For what is no test but speaks to a running server. */
export async function withServer<T> (work: (server: Server, cwd: string) => Promise<T>): Promise<T> {
  const cwd = mkdtempSync(join(tmpdir(), 'tasklane-server-'))
  const undo: (() => unknown)[] = [() => rmSync(cwd, { recursive: true, force: true })]
  try {
    const database = serverUrl === undefined ? undefined : await createTestDatabase()
    if (database) undo.push(() => database.close())
    const server = await startServer({ teardown: (end) => { undo.push(end) } }, { NODE_ENV: 'test', ACCESS_TOKEN_TTL: '86400', DATA_DIR: join(cwd, 'data'), ...(database?.url !== undefined && { DATABASE_URL: database.url }) }, cwd)
    undo.push(() => server.stop('SIGTERM'))
    return await work(server, cwd)
  } finally {
    for (const end of undo.reverse()) await end()
  }
}

/** The first to sign up, who is an admin, logged in for longer than any of it takes. */
export async function firstAdmin ({ url }: Server): Promise<Guest> {
  const made = await call(`${url}/api/v1/auth/register`, { method: 'POST', body: { email: EMAIL, password: PASSWORD } })
  if (made.status !== 201) throw new Error(`could not sign up: ${JSON.stringify(made.body)}`)
  return { email: EMAIL, password: PASSWORD, token: made.body.access_token }
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { call, startServer } from './command.ts'
import { createTestDatabase, serverUrl } from './database.ts'

const EMAIL = 'contract@example.com'
/** Not one of the examples in the contract: whoever sends those must not delete the account. */
const PASSWORD = 'seldom-said-4711'

export interface Tasklane {
  url: string
  folder: string
  stop: () => Promise<void>
}

/**
 * A Tasklane of our own for what is no test but speaks to a running server: on the server of TEST_DATABASE_URL or else
 * embedded, on a free port, without limits, letters in memory.
 */
export async function startTasklane(env: Record<string, string> = {}): Promise<Tasklane> {
  const folder = mkdtempSync(join(tmpdir(), 'tasklane-server-'))
  const database = serverUrl === undefined ? undefined : await createTestDatabase()
  const leftovers: (() => unknown)[] = []
  const { url, stop } = await startServer(
    { teardown: (handler) => leftovers.push(handler) },
    {
      DATA_DIR: join(folder, 'data'),
      DRAIN_SECONDS: '0',
      ...(database?.url && { DATABASE_URL: database.url }),
      ...env
    },
    folder
  )
  return {
    url,
    folder,
    async stop() {
      await stop('SIGTERM')
      for (const handler of leftovers) {
        await handler()
      }
      await database?.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** The first to sign up, who is an admin: how to log in. */
export async function firstAdmin(url: string): Promise<{ email: string; password: string }> {
  const made = await call(`${url}/api/v1/auth/register`, {
    method: 'POST',
    body: { email: EMAIL, password: PASSWORD }
  })
  if (made.status !== 201) {
    throw new Error(`could not sign up: ${JSON.stringify(made.body)}`)
  }
  return { email: EMAIL, password: PASSWORD }
}

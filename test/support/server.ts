import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { call, startServer } from './command.ts'
import { createTestDatabase, serverUrl } from './database.ts'

const EMAIL = 'contract@example.com'
/** Not an example of the contract: a client that sends the examples must not delete the account. */
const PASSWORD = 'seldom-said-4711'

export interface Tasklane {
  url: string
  folder: string
  stop: () => Promise<void>
}

/**
 * Starts a server for programs that are no tests but need one: on the server of TEST_DATABASE_URL or else
 * embedded, on a free port, without limits, emails in memory.
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

/** Signs up the first user, who becomes an admin, and returns the credentials. */
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

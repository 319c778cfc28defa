import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../support/command.ts'
import { createTestDatabase, serverUrl } from '../support/database.ts'

/** A Tasklane of our own: on the server of TEST_DATABASE_URL or else embedded, on a free port, without limits, letters in memory. */
export async function startTasklane (): Promise<{ url: string, stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'tasklane-conformance-'))
  const database = serverUrl === undefined ? undefined : await createTestDatabase()
  const leftovers: (() => unknown)[] = []
  // The first account is like the others, so that every language tells the story as an ordinary user.
  const env = { DATA_DIR: folder, FIRST_USER_ADMIN: 'false', DRAIN_SECONDS: '0', ...(database?.url && { DATABASE_URL: database.url }) }
  const { url, stop } = await startServer({ teardown: (handler) => leftovers.push(handler) }, env, folder)
  return {
    url,
    async stop () {
      await stop('SIGTERM')
      for (const handler of leftovers) await handler()
      await database?.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

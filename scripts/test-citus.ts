/**
 * Runs what uses the database, or the files that are named, on the coordinator of TEST_DATABASE_URL, each test in a
 * database of its own that is distributed. Where that server has no Citus it says so, and nothing has failed.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { listWorkers } from '../test/support/citus.ts'
import { serverUrl } from '../test/support/database.ts'

/** Everything but the console, which sees the same API, and plans of PostgreSQL. */
const FILES = [
  'test/features/*/*.test.ts',
  'test/http/*.test.ts',
  'test/db/{places,shards}.test.ts',
  'test/commands/distribute.test.ts',
  'test/faults/{account-deletion,deleted-caller,export,import-crash,two-processes,webhook-crash}.test.ts'
]
const WITHOUT = /features\/console\/|plans\.test\.ts$/

async function whyNot(): Promise<string | undefined> {
  if (serverUrl === undefined) {
    return 'TEST_DATABASE_URL names no server'
  }
  const admin = postgres(serverUrl, { max: 1, onnotice() {} })
  try {
    const workers = await listWorkers(admin)
    return workers.length > 0 ? undefined : 'the server of TEST_DATABASE_URL coordinates no nodes'
  } finally {
    await admin.end()
  }
}

const reason = await whyNot()
if (reason !== undefined) {
  console.log(`Skipped: ${reason}. The extension citus and its nodes have to be in that database.`)
} else {
  const given = process.argv.slice(2)
  const files = globSync(given.length > 0 ? given : FILES).filter((file) => !WITHOUT.test(file))
  const suite = fileURLToPath(new URL('test.ts', import.meta.url))
  const { status } = spawnSync(process.execPath, [suite, ...files], { stdio: 'inherit' })
  process.exitCode = status ?? 1
}

/**
 * Runs the core of the suite, or the files that are named, on the server of TEST_DATABASE_URL with a PgBouncer in
 * transaction mode before it. `PGBOUNCER` names another program than the system's.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { serverUrl } from '../test/support/database.ts'
import { pgbouncerVersion, startPgbouncer, withoutPgbouncer } from '../test/support/pgbouncer.ts'

const CORE = [
  'test/features/{api-keys,auth,bans,changes,imports,tasks,users,webhooks}/*.test.ts',
  'test/commands/accounts.test.ts',
  'test/faults/{import-crash,two-processes}.test.ts'
]

if (serverUrl === undefined || withoutPgbouncer) {
  throw new Error(withoutPgbouncer || 'TEST_DATABASE_URL says which server is to be pooled')
}
const given = process.argv.slice(2)
const leftovers: (() => unknown)[] = []
// So few connections for each database that a caller that holds one is noticed.
const { url } = await startPgbouncer(
  { teardown: (handler) => leftovers.push(handler) },
  serverUrl,
  {
    default_pool_size: '5'
  }
)
console.log(`Through PgBouncer ${pgbouncerVersion} in transaction mode.`)
const suite = spawn(
  process.execPath,
  [
    fileURLToPath(new URL('test.ts', import.meta.url)),
    ...globSync(given.length > 0 ? given : CORE)
  ],
  { stdio: 'inherit', env: { ...process.env, TEST_POOLER_URL: url } }
)
const [code] = await once(suite, 'exit')
for (const handler of leftovers) {
  await handler()
}
process.exit(code ?? 1)

import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { listDistributedTables } from '../../src/db/citus/distribution.ts'
import { DISTRIBUTED } from '../../src/db/tables/places.ts'
import { createCluster, withoutCitus } from '../support/citus.ts'
import { runCommand } from '../support/command.ts'
import { createEmptyDatabase, serverUrl } from '../support/database.ts'

const skip = await withoutCitus()
const owned = Object.keys(DISTRIBUTED).sort()
const run = (t: Test, url: string, ...args: string[]) =>
  runCommand(t, args, { env: { DATABASE_URL: url } })

t.test('distribute needs a coordinator of Citus, and says so', async (t) => {
  t.match(await runCommand(t, ['distribute'], { env: { DATA_DIR: t.testdir() } }), {
    code: 1,
    stdout: '',
    stderr:
      /^The embedded database cannot be distributed\. Set DATABASE_URL to the coordinator .*\n$/
  })
  t.match(await runCommand(t, ['distribute', '--shards', 'many']), {
    code: 2,
    stderr: /--shards takes a number from 1 to 1024\./
  })
})

t.test(
  'a database without the extension is not distributed',
  { skip: serverUrl === undefined && 'there is no server' },
  async (t) => {
    const database = await createEmptyDatabase()
    t.teardown(() => database.close())
    t.match(await run(t, database.url as string, 'distribute'), {
      code: 1,
      stdout: '',
      stderr: /^The database has no extension citus\. .*create extension citus\n$/
    })
  }
)

t.test('one command distributes owned tables, and changes no row', { skip }, async (t) => {
  const { url, db } = await createCluster(t)
  t.match(await run(t, url, 'distribute'), { code: 1, stderr: /lacks migrations.*npm run migrate/ })
  t.match(await run(t, url, 'migrate'), { code: 0, stderr: '' })
  await db.execute(sql`
    INSERT INTO users (id, username, role)
    SELECT md5(n::text)::uuid, 'user' || n, 'user' FROM generate_series(1, 20) n`)
  await db.execute(sql`INSERT INTO owners SELECT id FROM users ON CONFLICT DO NOTHING`)
  await db.execute(sql`
    INSERT INTO tasks (owner_id, id, title, status, priority, tags)
    SELECT id, gen_random_uuid(), username, 'todo', 'low', '{}' FROM users`)
  // Referenced tables come first: their order changes with the foreign keys.
  const checksums = async () => (await run(t, url, 'checksum')).stdout.split('\n').sort()
  const before = await checksums()
  t.match(
    before.find((line) => line.startsWith('tasks ')),
    /^tasks +20 /
  )

  const shown = await run(t, url, 'distribute', '--dry-run', '--shards', '4')
  t.match(shown, { code: 0, stderr: '' })
  t.match(shown.stdout, /create_distributed_table\('owners', 'owner_id', .* shard_count => 4\)/)
  t.strictSame(await listDistributedTables(db), [], 'a dry run does nothing')

  t.match(await run(t, url, 'distribute', '--shards', '4'), {
    code: 0,
    stdout: /^Distributed owners, tasks, .*Start the instances again/,
    stderr: ''
  })
  t.strictSame((await listDistributedTables(db)).sort(), owned)
  t.strictSame(await checksums(), before)
  t.match(await run(t, url, 'distribute'), { code: 0, stdout: /Nothing was done\.\n$/ })
  t.match(await run(t, url, 'distribute', '--status'), {
    code: 0,
    stdout: /^tasks +by owner_id +4 shards .*^127\.0\.0\.1:\d+ .*^Routed to one shard: /ms
  })
})

t.test('after an upgrade, new owned tables are distributed as well', { skip }, async (t) => {
  const { url, db } = await createCluster(t)
  await run(t, url, 'migrate')
  await run(t, url, 'distribute', '--shards', '4')
  // As if a migration had just made it.
  await db.execute(sql`SELECT undistribute_table('list_changes')`)
  t.match(await run(t, url, 'migrate'), {
    code: 0,
    stderr: 'Warning: list_changes is not distributed. Run: npm run tasklane -- distribute\n'
  })
  t.match(await run(t, url, 'distribute', '--status'), {
    stdout: /^list_changes +not distributed: run tasklane distribute$/m
  })
  t.match(await run(t, url, 'distribute'), { code: 0, stdout: /^Distributed list_changes\./ })
  t.strictSame((await listDistributedTables(db)).sort(), owned)
})

t.test('a node in another time zone is named with its remedy', { skip }, async (t) => {
  const { url, onWorkers } = await createCluster(t)
  await run(t, url, 'migrate')
  await onWorkers((name) => `alter database ${name} set timezone to 'Asia/Tokyo'`)
  const { code, stdout, stderr } = await run(t, url, 'distribute')
  t.match({ code, stdout }, { code: 1, stdout: '' })
  t.match(
    stderr,
    /^Sessions of 127\.0\.0\.1:\d+ are in the time zone Asia\/Tokyo, .*timezone = 'UTC'/m
  )
})

import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { createPasswords } from '../src/core/passwords.ts'
import { openDatabase } from '../src/db/client.ts'
import { migrate } from '../src/db/migrate.ts'

export interface Size {
  name: string
  owners: number
  tasksEach: number
  big: number
}
/** A large installation, with one owner who keeps far more than anybody else. */
export const LARGE: Size = { name: 'large', owners: 1000, tasksEach: 1000, big: 200_000 }
export const SMALL: Size = { name: 'small', owners: 20, tasksEach: 500, big: 0 }
export const PASSWORD = 'correct horse battery'
/** Owners that the load comes from; each has a session. */
export const CALLERS = 20
const state = createHash('sha256')
  .update(
    readMigrationFiles({ migrationsFolder: new URL('../drizzle', import.meta.url).pathname })
      .map((m) => m.hash)
      .join()
  )
  .digest('hex')
  .slice(0, 8)

/** Fills a database once for each state of the schema; every later run finds it. Gives its name. */
export async function ensureData(
  urlOf: (database: string) => string,
  size: Size,
  log: (line: string) => void
): Promise<string> {
  const name = `bench_${size.name}_${state}`
  // After db/client.ts, whose guard must see it loaded.
  const { default: postgres } = await import('postgres')
  const admin = postgres(urlOf('postgres'), { max: 1, onnotice() {} })
  try {
    const [{ done } = { done: false }] = await admin<
      { done: boolean }[]
    >`select exists (select 1 from pg_database where datname = ${name}) as done`
    if (done) {
      return name
    }
    const draft = `${name}_draft`
    await admin.unsafe(`drop database if exists ${draft}`)
    await admin.unsafe(`create database ${draft}`)
    log(
      `filling ${name}: ${(size.owners * size.tasksEach + size.big).toLocaleString('en')} tasks, once`
    )
    await fillServer(urlOf(draft), size)
    await admin.unsafe(`alter database ${draft} rename to ${name}`)
    return name
  } finally {
    await admin.end()
  }
}

/** The same in an embedded database of this run's own, which is small. */
export async function fillEmbedded(dataDir: string): Promise<void> {
  const { db, close } = await openDatabase({ dataDir, pool: 1 })
  await migrate(db)
  await fill((statement) => db.execute(sql.raw(statement)), SMALL)
  await close()
}

/** Takes away what earlier runs have made, so that each begins alike. */
export async function tidy(url: string): Promise<void> {
  const { default: postgres } = await import('postgres')
  const client = postgres(url, { max: 1, onnotice() {} })
  await client.unsafe("delete from task_events where request_id <> 'seed'")
  await client.unsafe("delete from tasks where created_at > '2026-01-01'")
  await client.unsafe(
    `update tasks set version = 1, title = ${titleOf("extract(epoch from date_trunc('second', created_at) - timestamptz '2025-06-15')::int")} where version > 1`
  )
  await client.unsafe('vacuum (analyze) tasks, task_events')
  await client.end()
}

async function fillServer(url: string, size: Size): Promise<void> {
  const database = await openDatabase({ url, dataDir: '', pool: 2 })
  await migrate(database.db)
  await database.close()
  const { default: postgres } = await import('postgres')
  const client = postgres(url, { max: 1, onnotice() {}, connection: { statement_timeout: 0 } })
  await fill((statement) => client.unsafe(statement), size)
  await client.end()
}

/** The title of an owner's n-th task. */
const titleOf = (n: string): string =>
  `(array['Paint','Oil','Ring','Mend','Sweep','Call','Order'])[1 + ${n} % 7] || ' the ' || (array['door','hinge','bell','roof','floor','baker','wood','shelf','window','gate','lamp'])[1 + ${n} % 11] || ' no. ' || ${n}`

async function fill(
  run: (statement: string) => Promise<unknown>,
  { owners, tasksEach, big }: Size
): Promise<void> {
  const hash = await (await createPasswords()).hash(PASSWORD)
  await run(`insert into users (id, username, name, role, password_hash)
    select ('018f2f6e-7c1a-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'owner-' || n, 'Owner ' || n, 'user', '${hash}' from generate_series(0, ${owners}::int) n`)
  // Owner 0 is the big one. A session of each keeps to its insertion order; words are few, so that a search finds some hundreds.
  const rows = (owner: string, series: string) => `
    select ('018f2f6e-7c1a-7000-8000-' || lpad(to_hex(${owner}), 12, '0'))::uuid, (lpad(to_hex(1750000000000 + n * 1000 + o), 12, '0') || '-7000-8000-' || substr(md5(n || ' ' || o), 1, 12))::uuid,
      ${titleOf('n')},
      case when n % 3 = 0 then 'Bring the ' || (array['ladder','bucket','brush','hammer'])[1 + n % 4] || ' and ask ' || substr(md5(n::text), 1, 6) end,
      (array['todo','in_progress','done'])[1 + n % 3]::task_status, (array['low','medium','high'])[1 + (n / 3) % 3]::task_priority,
      case when n % 4 > 0 then timestamptz '2026-01-01' + (n * 7919 % 500000) * interval '1 minute' end,
      case when n % 5 = 0 then array['house', 'week-' || n % 50] else '{}' end, case when n % 3 = 2 then timestamptz '2025-06-15' end,
      timestamptz '2025-06-15' + n * interval '1 second' + o * interval '1 ms', timestamptz '2025-06-15' + n * interval '1 second' + o * interval '1 ms'
    from ${series}`
  const columns =
    'owner_id, id, title, description, status, priority, due_date, tags, completed_at, created_at, updated_at'
  await run(
    `insert into tasks (${columns}) ${rows('o', `generate_series(1, ${tasksEach}) n, generate_series(1, ${owners}) o`)}`
  )
  if (big > 0) {
    await run(
      `insert into tasks (${columns}) ${rows('0', `generate_series(1, ${big}) n, (values (0)) as big(o)`)}`
    )
  }
  await run(`insert into task_events (owner_id, task_id, version, id, type, actor_id, request_id, changes, created_at)
    select owner_id, id, 1, id, 'task.created', owner_id, 'seed', '{}', created_at from tasks`)
  await run('vacuum analyze')
}

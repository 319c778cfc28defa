import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SQL, sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { createPasswords } from '../../src/core/passwords.ts'
import { type Db, openDatabase } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import { executeRows } from '../../src/db/rows.ts'
import type { Task } from '../../src/features/tasks/schema.ts'
import { createEmptyDatabase, serverUrl } from '../support/database.ts'
import { everyPage } from '../support/imports.ts'
import { RELEASED } from '../support/migrations.ts'
import { createTestApp, PASSWORD } from '../support/test-app.ts'

/** How many tasks there are: the embedded database takes much longer for each. */
const TASKS = serverUrl === undefined ? 5000 : 100_000
/** Of a thousand tasks, so many belong to the first owner, the second, and so on. */
const SHARES = [600, 250, 100, 49, 1]
const OWNERS = SHARES.map((_, i) => ({ id: uuidv7(), username: `owner-${i}` }))
const WRITERS = 3
/** What writers do at least before the migration, and after it. */
const MIN_WRITES = 20

/** The columns of the first release, without what is computed. */
const COLUMNS = {
  users:
    'id, username, email, name, role, email_verified, disabled, password_hash, created_at, updated_at',
  tasks:
    'owner_id, id, assignee_id, title, description, status, priority, due_date, tags, completed_at, version, ' +
    'created_at, updated_at, deleted_at',
  task_events: 'owner_id, task_id, version, id, type, actor_id, request_id, changes, created_at'
}
const TABLES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]

const count = async (db: Db, from: SQL): Promise<number> =>
  (await executeRows<{ n: number }>(db, sql`SELECT count(*)::int AS n FROM ${from}`))[0]?.n ?? -1

/** The migrations of the first release. */
function firstMigrations(t: Test): string {
  const folder = t.testdir()
  mkdirSync(join(folder, 'meta'))
  const journal = JSON.parse(readFileSync(join(RELEASED, 'meta', '_journal.json'), 'utf8'))
  const [first] = journal.entries
  writeFileSync(
    join(folder, 'meta', '_journal.json'),
    JSON.stringify({ ...journal, entries: [first] })
  )
  cpSync(join(RELEASED, `${first.tag}.sql`), join(folder, `${first.tag}.sql`))
  return folder
}

/** Fills the tables as an installation does over a year: tasks in every state, each with its history. */
async function fill(db: Db): Promise<void> {
  const hash = await createPasswords().hash(PASSWORD)
  for (const [i, { id, username }] of OWNERS.entries()) {
    const role = i === 1 ? 'manager' : 'user'
    await db.execute(sql`
      INSERT INTO users (id, username, email, name, role, password_hash)
      VALUES (${id}, ${username}, ${`${username}@example.com`}, ${`Größe ${i}`}, ${role}, ${hash})`)
  }
  const bounds = SHARES.map((_, i) => SHARES.slice(0, i + 1).reduce((sum, share) => sum + share))
  const ownerOf = sql.join(
    OWNERS.map(({ id }, i) => sql`WHEN n % 1000 < ${bounds[i]}::int THEN ${id}::uuid`),
    sql` `
  )
  await db.execute(sql`
    INSERT INTO tasks (
      owner_id, id, assignee_id, title, description, status, priority, due_date, tags, completed_at, version,
      created_at, updated_at, deleted_at
    )
    SELECT
      CASE ${ownerOf} END,
      (substr(ms, 1, 8) || '-' || substr(ms, 9) || '-7' || substr(md5(n::text), 1, 3) || '-8'
        || substr(md5(n::text), 4, 3) || '-' || substr(md5(n::text), 7, 12))::uuid,
      CASE WHEN n % 50 = 0 THEN ${OWNERS[0]?.id}::uuid END,
      'Größe ' || n,
      CASE WHEN n % 3 > 0 THEN 'Is number ' || n || ' of all' END,
      (ARRAY['todo', 'in_progress', 'done'])[1 + n % 3]::task_status,
      (ARRAY['low', 'medium', 'high'])[1 + n % 7 % 3]::task_priority,
      CASE WHEN n % 4 = 0 THEN now() + make_interval(hours => n % 5000 - 2500) END,
      CASE n % 5 WHEN 0 THEN ARRAY['a', 'b, "c"'] ELSE '{}' END,
      CASE WHEN n % 3 = 2 THEN now() - make_interval(mins => n) END,
      1 + n % 3,
      now() - make_interval(mins => n + 10),
      now() - make_interval(mins => n),
      CASE WHEN n % 10 = 0 THEN now() - make_interval(days => n / 10 % 20) END
    FROM generate_series(1, ${TASKS}::int) AS n,
      lpad(to_hex(1700000000000 + n::bigint * 1000), 12, '0') AS ms`)
  await db.execute(sql`
    INSERT INTO task_events (owner_id, task_id, version, id, type, actor_id, request_id, changes, created_at)
    SELECT
      owner_id, id, v, gen_random_uuid(),
      CASE WHEN v = 1 THEN 'task.created' WHEN v = version AND deleted_at IS NOT NULL THEN 'task.deleted'
        ELSE 'task.updated' END,
      owner_id, 'request-' || v, jsonb_build_object('title', jsonb_build_object('old', 'x', 'new', title)),
      created_at + make_interval(secs => v)
    FROM tasks, generate_series(1, version) AS v`)
  for (const table of TABLES) {
    await db.execute(
      sql.raw(`CREATE TABLE before_${table} AS SELECT ${COLUMNS[table]} FROM ${table}`)
    )
  }
}

/** Creates a task and changes it, in the statements of the first release; returns its id when all is committed. */
async function write(db: Db, owner_id: string): Promise<string> {
  const id = uuidv7()
  const event = (version: number, type: string) => sql`
    INSERT INTO task_events (owner_id, task_id, version, id, type, actor_id, request_id, changes)
    VALUES (${owner_id}, ${id}, ${version}, ${uuidv7()}, ${type}, ${owner_id}, 'old', '{}')`
  await db.transaction(async (tx) => {
    await tx.execute(sql`
      INSERT INTO tasks (owner_id, id, title, status, priority, tags)
      VALUES (${owner_id}, ${id}, 'Meanwhile', 'todo', 'medium', '{}')`)
    await tx.execute(event(1, 'task.created'))
  })
  await db.transaction(async (tx) => {
    await tx.execute(sql`
      UPDATE tasks
      SET status = 'done', completed_at = now(), version = version + 1, updated_at = now()
      WHERE owner_id = ${owner_id} AND id = ${id} AND version = 1`)
    await tx.execute(event(2, 'task.updated'))
  })
  return id
}

/** Writes with several connections until `work` has ended and a little longer; returns the ids of what was written. */
async function writeDuring(t: Test, url: string, work: () => Promise<void>): Promise<string[]> {
  const { db, close } = await openDatabase({
    url,
    dataDir: '',
    pool: WRITERS,
    withoutTimeouts: true
  })
  t.teardown(close)
  const written: string[] = []
  let left = Number.POSITIVE_INFINITY
  const { promise: busy, resolve: isBusy } = Promise.withResolvers<void>()
  const writers = Array.from({ length: WRITERS }, async (_, i) => {
    for (; left > 0; left--) {
      written.push(await write(db, OWNERS[i]?.id ?? ''))
      if (written.length >= MIN_WRITES) {
        isBusy()
      }
    }
  })
  await busy
  try {
    await work()
  } finally {
    left = MIN_WRITES
  }
  await Promise.all(writers)
  return written
}

/** The same without anything at the same time: the embedded database has one connection. */
async function writeAround(db: Db, work: () => Promise<void>): Promise<string[]> {
  const [, second] = OWNERS
  const before = await write(db, second?.id ?? '')
  await work()
  return [before, await write(db, second?.id ?? '')]
}

const database = await createEmptyDatabase()
const { db, url } = database
await migrate(db, { folder: firstMigrations(t) })
await fill(db)
let written: string[] = []
const { app, request } = await createTestApp(t, { database })

t.test('every migration since the first release passes while its servers write', async (t) => {
  const upgrade = async () => {
    t.ok((await migrate(db)).applied > 10)
  }
  written = url === undefined ? await writeAround(db, upgrade) : await writeDuring(t, url, upgrade)
  t.equal(new Set(written).size, written.length)
})

t.test(
  'users, tasks and their history are as they were, and nothing is written in vain',
  async (t) => {
    for (const table of TABLES) {
      const [before, columns] = [sql.raw(`before_${table}`), sql.raw(COLUMNS[table])]
      const lost = sql`(SELECT ${columns} FROM ${before} EXCEPT SELECT ${columns} FROM ${sql.raw(table)}) lost`
      t.equal(await count(db, lost), 0, table)
      const added = { users: 0, tasks: written.length, task_events: 2 * written.length }[table]
      t.equal(await count(db, sql.raw(table)), (await count(db, before)) + added, table)
    }
    t.equal(await count(db, sql`owners`), OWNERS.length)
    const ids = `{${written.join()}}`
    const complete = sql`
    tasks t
    WHERE t.id = ANY(${ids}::uuid[]) AND t.version = 2 AND t.status = 'done' AND t.comment_count = 0
      AND (SELECT count(*) FROM task_events e WHERE e.owner_id = t.owner_id AND e.task_id = t.id) = 2`
    t.equal(await count(db, complete), written.length)
  }
)

t.test(
  'old tasks are personal ones that their owner made, without anything above or below',
  async (t) => {
    const isOther = sql`
    tasks
    WHERE project_id IS NOT NULL OR created_by IS NOT NULL OR parent_id IS NOT NULL
      OR position IS NOT NULL OR comment_count <> 0 OR deleted_with IS NOT NULL OR all_day`
    t.equal(await count(db, isOther), 0)
  }
)

async function logIn(username: string) {
  const payload = { username, password: PASSWORD }
  const response = await request({ method: 'POST', url: '/api/v1/auth/login', payload })
  const { access_token } = response.json()
  const headers = { authorization: `Bearer ${access_token}` }
  return {
    get: (url: string) => request({ method: 'GET', url, headers }),
    patch: (id: string, payload: object) =>
      request({ method: 'PATCH', url: `/api/v1/tasks/${id}`, payload, headers })
  }
}

t.test('owners log in and find their tasks', async (t) => {
  await app.ready()
  for (const [i, { id, username }] of OWNERS.entries()) {
    const who = await logIn(username)
    const live = await count(db, sql`tasks WHERE owner_id = ${id} AND deleted_at IS NULL`)
    t.equal((await who.get(`/api/v1/task-stats?personal=true&created_by=${id}`)).json().total, live)
    for (const sort of [
      'created_at_asc',
      'updated_at_desc',
      'due_date_asc',
      'priority_desc',
      'title_asc'
    ]) {
      const list = `/api/v1/tasks?limit=50&owner_id=${id}&sort=${sort}`
      const found: Task[] = (await who.get(list)).json().data
      t.equal(found.length, Math.min(live, 50), `${username} ${sort}`)
      for (const task of found) {
        t.match(task, { owner_id: id, created_by: id, project_id: null, all_day: false })
      }
    }
    const words = '/api/v1/tasks?q=grosse%20number&limit=1'
    t.match((await who.get(words)).json().data, [{ title: /^Größe/ }], `search ${i}`)
  }
})

t.test(
  'the whole list of a small account has each task once, with its history, and can be changed',
  async (t) => {
    const { id, username } = OWNERS.at(-1) ?? { id: '', username: '' }
    const who = await logIn(username)
    const found = await everyPage(
      who as never,
      '/api/v1/tasks?sort=created_at_asc&deleted=include',
      7
    )
    const stored = await executeRows<{ id: string }>(
      db,
      sql`SELECT id FROM tasks WHERE owner_id = ${id} ORDER BY created_at, id`
    )
    t.strictSame(
      found.map((task) => task.id),
      stored.map((task) => task.id)
    )
    const places = (task: { created_at?: unknown; id: string }) => `${task.created_at}${task.id}`
    const ordered = await everyPage(
      who as never,
      '/api/v1/tasks?sort=position_asc&personal=true',
      7
    )
    t.strictSame(
      ordered.map(places),
      ordered.map(places).sort(),
      'nobody has put any elsewhere: the manual order is that of their creation'
    )
    const task = found.find(({ deleted_at }) => deleted_at === null) as unknown as Task
    const changed = await who.patch(task.id, { title: 'New' })
    t.match(changed.json(), { title: 'New', version: task.version + 1 })
    const history = (await who.get(`/api/v1/tasks/${task.id}/events`)).json().data
    t.match(history[0], {
      type: 'task.updated',
      changes: [{ field: 'title', before: task.title, after: 'New' }]
    })
    t.equal(history.length, task.version + 1)
  }
)

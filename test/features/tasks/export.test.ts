import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { parse } from 'csv-parse/sync'
import { sql } from 'drizzle-orm'
import t from 'tap'
import type { Task } from '../../../src/features/tasks/schema.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

const { app, db, signUp } = await createTestApp(t)
const FILE = '/api/v1/task-exports/csv'
const ACCOUNT_FILE = '/api/v1/me/export'
const EMPTY_FILE = `${FILE}?status=done`
const recordsOf = (file: string): Record<string, string | null>[] =>
  parse(file, {
    columns: true,
    cast: (value, { quoting }) => (value === '' && !quoting ? null : value)
  })

/** Inserts tasks of which several have the same timestamp, so that chunks end between equal ones. */
const fill = (who: Person, rows: number, description: string | null = null, database = db) =>
  database.execute(sql`
    INSERT INTO tasks
      (owner_id, id, title, description, status, priority, tags, created_at, updated_at)
    SELECT
      ${who.user.id}::uuid, gen_random_uuid(), 'task ' || n, ${description}::text,
      'todo', 'medium', '{}', timestamptz '2026-01-01' + (n / 7) * interval '1 second', now()
    FROM generate_series(1, ${rows}::int) n`)

/** Requests the file over a socket and leaves the response unread. */
async function openExport(who: Person, server = app, path = FILE): Promise<IncomingMessage> {
  if (server.addresses().length === 0) {
    await server.listen({ port: 0, host: '127.0.0.1' })
  }
  const { port } = server.server.address() as AddressInfo
  const [response] = (await once(
    get({
      port,
      host: '127.0.0.1',
      path,
      agent: false,
      headers: { authorization: `Bearer ${who.access_token}` }
    }),
    'response'
  )) as [IncomingMessage]
  return response.on('error', () => {})
}

t.test('the file has every field of every task in the list, with formulas guarded', async (t) => {
  const ann = await signUp()
  const created = [
    await ann.create({
      title: '=SUM(A1)',
      description: '',
      tags: ['b', 'a c'],
      due_date: '2026-02-01T17:00:00Z',
      priority: 'high'
    }),
    await ann.create({
      title: 'Say "hi", \'then\' leave',
      description: '-1\r\n+2, "three"',
      status: 'done'
    }),
    await ann.create({ title: 'plain' })
  ]
  const response = await ann.get(FILE)
  t.match(response.headers, {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': /^attachment; filename="tasks-\d{4}-\d\d-\d\d\.csv"$/,
    'cache-control': 'no-store'
  })
  const text = (value: unknown) => {
    const filled = Array.isArray(value) ? value.join('|') : String(value)
    return value === null ? null : filled
  }
  const wanted = created.map(({ completed, all_day, comment_count, ...task }) =>
    Object.fromEntries(Object.entries(task).map(([name, value]) => [name, text(value)]))
  )
  Object.assign(wanted[0] as object, { title: "'=SUM(A1)", tags: 'b|a c' })
  Object.assign(wanted[1] as object, { description: '\'-1\r\n+2, "three"' })
  Object.assign(wanted[2] as object, { tags: '' })
  t.strictSame(recordsOf(response.body), wanted)
})

t.test('the export has the filters of the list', async (t) => {
  const [ann, bob, boss] = [await signUp(), await signUp(), await signUp('manager')]
  await ann.create({ title: 'open', assignee_id: bob.user.id })
  const done = await ann.create({ title: 'done', status: 'done', tags: ['x'] })
  await ann.remove(await ann.create({ title: 'deleted' }))
  const titles = async (who: Person, query: string) =>
    recordsOf((await who.get(`${FILE}?${query}`)).body).map((record) => record.title)
  t.strictSame(await titles(ann, ''), ['open', 'done'])
  t.strictSame(await titles(bob, ''), ['open'])
  t.strictSame(await titles(ann, 'deleted=only'), ['deleted'])
  t.strictSame(await titles(ann, 'status=done&status=todo&tag=x&q=do'), ['done'])
  t.strictSame(await titles(boss, `owner_id=${ann.user.id}&completed=true`), [done.title])
  t.strictSame(await titles(boss, ''), [])
  t.match(await ann.get(`${FILE}?scope=all`), { statusCode: 403 })
  t.match((await ann.get(`${FILE}?sort=title_asc`)).json(), {
    status: 400,
    errors: [{ in: 'query', pointer: '/sort', code: 'unknown_field' }]
  })
})

t.test('the export of an account without tasks is a header', async (t) => {
  t.match(
    (await (await signUp()).get(FILE)).body,
    /^title,description,status,priority,due_date,tags,.*\r\n$/
  )
})

t.test(
  'every task is in the file once, over many chunks, while others are created and changed',
  async (t) => {
    const ann = await signUp()
    await fill(ann, 1777)
    const response = await openExport(ann)
    await ann.create({ title: 'late' })
    await db.execute(
      sql`update tasks set title = 'changed', updated_at = now() where owner_id = ${ann.user.id} and title like '%7'`
    )
    const records = recordsOf((await buffer(response)).toString())
    t.equal(new Set(records.map((record) => record.id)).size, records.length)
    t.ok(records.length >= 1777)
    const times = records.map((record) => record.created_at as string)
    t.strictSame(times, [...times].sort())
  }
)

t.test(
  'a reader that stalls takes one of twenty places for files of any kind, and returns it when it disconnects',
  async (t) => {
    const ann = await signUp()
    // More than sockets and streams buffer.
    await fill(ann, 2000, 'x'.repeat(10_000))
    const readers = []
    for (let i = 0; i < 10; i++) {
      readers.push(await openExport(ann), await openExport(ann, app, ACCOUNT_FILE))
    }
    for (const file of [FILE, ACCOUNT_FILE]) {
      t.match(await ann.get(file), { statusCode: 503, headers: { 'retry-after': '5' } })
    }
    t.equal((await ann.get('/api/v1/tasks')).statusCode, 200, 'other requests are served')
    for (const reader of readers) {
      reader.destroy()
      await once(reader, 'close')
    }
    await waitUntil('a place', async () => (await ann.get(EMPTY_FILE)).statusCode === 200)
  }
)

t.test(
  'a user has two exports in progress at once, and another as soon as one is abandoned',
  async (t) => {
    const limited = await createTestApp(t, {
      env: { RATE_LIMIT: 'on', RATE_LIMIT_READS: '100000' }
    })
    const [ann, bob] = [await limited.signUp(), await limited.signUp()]
    await fill(ann, 1500, 'x'.repeat(10_000), limited.db)
    const readers = [await openExport(ann, limited.app), await openExport(ann, limited.app)]
    const refused = await ann.get(FILE)
    t.match(refused, { statusCode: 429, headers: { 'retry-after': '1' } })
    t.equal(refused.json().code, 'rate_limited')
    const counts = await Promise.all([1, 2, 3, 4].map(() => ann.get('/api/v1/task-stats')))
    t.strictSame(countStatuses(counts), { 200: 2, 429: 2 }, 'exports are costly reads')
    t.equal((await ann.send({ method: 'HEAD', url: FILE })).statusCode, 200, 'HEAD has no file')
    t.equal((await bob.get(FILE)).statusCode, 200, "nobody else's are counted")
    for (const reader of readers) {
      reader.destroy()
    }
    await waitUntil('a place', async () => (await ann.get(FILE)).statusCode === 200)
    t.equal(
      (await ann.get(FILE)).statusCode,
      200,
      'an export that is complete gives its place back'
    )
  }
)

t.test(
  'an error in the middle aborts the transfer, so that no client takes the file for complete',
  async (t) => {
    const ann = await signUp()
    await fill(ann, 2000, 'x'.repeat(10_000))
    const response = await openExport(ann)
    await db.execute(sql`alter table tasks rename to renamed`)
    t.teardown(() => db.execute(sql`alter table renamed rename to tasks`))
    await t.rejects(buffer(response), { code: 'ECONNRESET' })
  }
)

t.test('the export needs a token, and an API key its scope', async (t) => {
  t.equal((await app.inject({ url: FILE })).statusCode, 401)
  const ann = await signUp()
  const { key } = (
    await ann.post('/api/v1/me/api-keys', {
      name: 'k',
      scopes: ['tasks:write'],
      expires_at: new Date(Date.now() + 3_600_000).toISOString()
    })
  ).json()
  t.match(
    (await app.inject({ url: FILE, headers: { authorization: `Bearer ${key}` } })).json<Task>(),
    { status: 403, code: 'missing_scope' }
  )
})

t.test('an all-day task is exported with its date alone', async (t) => {
  const ann = await signUp()
  await ann.create({ title: 'day', due_date: '2026-12-31' })
  await ann.create({ title: 'moment', due_date: '2026-12-31T23:59:59.999Z' })
  t.match(recordsOf((await ann.get(FILE)).body), [
    { title: 'day', due_date: '2026-12-31' },
    { title: 'moment', due_date: '2026-12-31T23:59:59.999Z' }
  ])
})

t.test('bom=true puts one byte order mark before the header', async (t) => {
  const ann = await signUp()
  await ann.create({ title: 'Tür' })
  const plain = await ann.get(FILE)
  const marked = await ann.get(`${FILE}?bom=true`)
  t.strictSame([...marked.rawPayload.subarray(0, 3)], [0xef, 0xbb, 0xbf])
  t.equal(marked.body.replace('\ufeff', ''), plain.body)
  t.equal((await ann.get(`${FILE}?bom=false`)).body, plain.body)
  t.equal((await ann.get(`${FILE}?bom=yes`)).statusCode, 400)
})

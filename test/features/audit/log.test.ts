import { sql } from 'drizzle-orm'
import t from 'tap'
import type { AuditEvent } from '../../../src/features/audit/schema.ts'
import { summarize } from '../../support/audit-log.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const lines: string[] = []
const { request, db, signUp } = await createTestApp(t, { onLog: (line) => lines.push(line) })
const manager = await signUp('manager', 'manager')
const read = async (query = ''): Promise<AuditEvent[]> =>
  (await manager.get(`/api/v1/admin/audit-log${query}`)).json().data
const pages = async (who: Person, query: string): Promise<AuditEvent[]> => {
  const all: AuditEvent[] = []
  for (let cursor = ''; ; ) {
    const { data, pagination } = (await who.get(`/api/v1/admin/audit-log?${query}${cursor}`)).json()
    all.push(...data)
    if (!pagination.has_more) {
      return all
    }
    cursor = `&cursor=${pagination.next_cursor}`
  }
}

t.test('an event has actor, action, subject, IP address, request id and outcome', async (t) => {
  const headers = { 'x-request-id': 'by-ann' }
  const { user, access_token } = (
    await request({
      method: 'POST',
      url: '/api/v1/auth/register',
      payload: { username: 'ann', password: PASSWORD },
      headers
    })
  ).json()
  await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { username: 'ann', password: 'wrong horse battery' },
    headers
  })
  await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { username: 'ann', password: PASSWORD },
    headers
  })
  await request({
    method: 'PATCH',
    url: '/api/v1/me',
    payload: { name: 'Ann' },
    headers: { ...headers, authorization: `Bearer ${access_token}` }
  })
  await request({
    url: '/api/v1/admin/users',
    headers: { ...headers, authorization: `Bearer ${access_token}` }
  })
  const events = await read('?limit=5')
  t.strictSame(events.map(summarize), [
    'access.refused refused',
    'user.profile_changed',
    'user.logged_in',
    'user.logged_in failed',
    'user.registered'
  ])
  for (const event of events) {
    t.match(event, {
      address: '127.0.0.1',
      request_id: 'by-ann',
      created_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
    })
  }
  t.match(events[2], {
    actor_id: user.id,
    actor_name: 'ann',
    subject_type: 'user',
    subject_id: user.id,
    detail: null
  })
  t.match(events[3], {
    actor_id: null,
    actor_name: null,
    subject_type: 'user',
    subject_id: user.id
  })
})

t.test(
  'changes of tasks are in the log with the names of the fields, never their contents',
  async (t) => {
    const bea = await signUp('user', 'bea')
    const task = await bea.create({ title: 'A private matter' })
    await bea.patch(task, { title: 'Another private matter', status: 'done' })
    await bea.remove(task)
    await bea.restore(task)
    const events = await read(`?subject_id=${task.id}`)
    t.strictSame(
      events.map(({ action, detail }) => [action, detail]),
      [
        ['task.restored', null],
        ['task.deleted', null],
        ['task.updated', 'status, title'],
        ['task.created', null]
      ]
    )
    for (const event of events) {
      t.match(event, {
        outcome: 'succeeded',
        actor_id: bea.user.id,
        actor_name: 'bea',
        subject_type: 'task',
        address: null,
        request_id: String
      })
    }
    t.notMatch(JSON.stringify(events), /private/)
  }
)

t.test(
  'a date alone is its beginning after which, or its end before which, events are',
  async (t) => {
    const eve = await signUp()
    const task = await eve.create({ title: 'At midnight' })
    await db.execute(
      sql`UPDATE task_events SET created_at = '2026-01-02T23:59:59.500Z' WHERE task_id = ${task.id}`
    )
    for (const [period, count] of [
      ['created_after=2026-01-02&created_before=2026-01-02', 1],
      ['created_after=2026-01-03', 0],
      ['created_before=2026-01-01', 0],
      ['created_before=2026-01-02T23:59:59Z', 0]
    ] as const) {
      t.equal((await read(`?subject_id=${task.id}&${period}`)).length, count, period)
    }
    t.equal((await manager.get('/api/v1/admin/audit-log?created_after=2026-02-30')).statusCode, 400)
  }
)

t.test('filters narrow the log, alone and combined', async (t) => {
  const cid = await signUp('user', 'cid')
  const task = await cid.create({ title: 'Paint the door' })
  await cid.patch(task, { title: 'Paint the gate' })
  await cid.send({ method: 'PATCH', url: '/api/v1/me', payload: { name: 'Cid' } })
  const by = await read(`?actor_id=${cid.user.id.toUpperCase()}`)
  t.strictSame(by.map(summarize), [
    'user.profile_changed',
    'task.updated',
    'task.created',
    'user.registered'
  ])
  t.strictSame((await read(`?actor_id=${cid.user.id}&action=task.updated`)).map(summarize), [
    'task.updated'
  ])
  t.strictSame((await read(`?actor_id=${cid.user.id}&action=user.registered`)).map(summarize), [
    'user.registered'
  ])
  t.strictSame((await read(`?actor_id=${cid.user.id}&subject_id=${cid.user.id}`)).map(summarize), [
    'user.profile_changed',
    'user.registered'
  ])
  t.strictSame(await read('?subject_id=nothing-like-this'), [])
  t.strictSame(await read(`?subject_id=${task.id}&action=user.registered`), [])
})

t.test('adjacent time spans neither overlap nor leave gaps', async (t) => {
  const kim = await signUp('user', 'kim')
  for (const name of ['Kim', 'Kym', 'Kimmy']) {
    await kim.send({ method: 'PATCH', url: '/api/v1/me', payload: { name } })
  }
  const all = await read(`?actor_id=${kim.user.id}`)
  for (const { created_at } of all) {
    const [later, earlier] = (await Promise.all(
      ['created_after', 'created_before'].map((bound) =>
        read(`?actor_id=${kim.user.id}&${bound}=${encodeURIComponent(created_at)}`)
      )
    )) as [AuditEvent[], AuditEvent[]]
    t.ok(later.some((event) => event.created_at === created_at))
    t.strictSame([...later, ...earlier], all)
  }
})

t.test(
  'pages across both kinds of events neither repeat nor miss one with equal timestamps',
  async (t) => {
    const dan = await signUp('user', 'dan')
    for (let i = 0; i < 7; i++) {
      await dan.create({ title: `Task ${i}` })
      await dan.send({ method: 'PATCH', url: '/api/v1/me', payload: { name: `Dan ${i}` } })
    }
    await db.execute(sql`alter table audit_events disable trigger audit_events_append_only`)
    await db.execute(
      sql`update audit_events set created_at = '2026-01-02T03:04:05.678Z' where actor_id = ${dan.user.id}`
    )
    await db.execute(
      sql`update task_events set created_at = '2026-01-02T03:04:05.678Z' where actor_id = ${dan.user.id}`
    )
    await db.execute(sql`alter table audit_events enable trigger audit_events_append_only`)
    const events = await pages(manager, `limit=4&actor_id=${dan.user.id}`)
    t.equal(events.length, 15)
    t.equal(new Set(events.map(({ id }) => id)).size, 15)
    t.strictSame(
      events.map(({ id }) => id),
      events
        .map(({ id }) => id)
        .sort()
        .reverse()
    )
    const response = await manager.get(`/api/v1/admin/audit-log?limit=4&actor_id=${dan.user.id}`)
    const { next_cursor } = response.json().pagination
    t.match(response.headers.link, /rel="next"/)
    t.equal(
      (await manager.get(`/api/v1/admin/audit-log?limit=4&cursor=${next_cursor}`)).statusCode,
      400,
      'a cursor belongs to its filter'
    )
  }
)

t.test(
  'managers and admins can read the log, other users cannot, and each read is logged',
  async (t) => {
    const eve = await signUp()
    const admin = await signUp('admin', 'root')
    t.equal((await request({ url: '/api/v1/admin/audit-log' })).statusCode, 401)
    t.match((await eve.get('/api/v1/admin/audit-log')).json(), { status: 403, code: 'not_allowed' })
    const before = lines.length
    t.equal((await admin.get('/api/v1/admin/audit-log?action=user.deleted')).statusCode, 200)
    const logged = lines
      .slice(before)
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === 'audit.read')
    t.match(logged, [{ user_id: admin.user.id, filter: ['action'] }])
  }
)

t.test('the actor has a pseudonym after the account is deleted', async (t) => {
  const fay = await signUp('manager', 'fay')
  const gus = await signUp('user', 'gus')
  const task = await gus.create({ title: 'Paint the door' })
  t.equal((await fay.patch(task, { title: 'Paint the gate' })).statusCode, 200)
  await fay.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
  const events = await read(`?actor_id=${fay.user.id}`)
  t.strictSame(events.map(summarize), ['user.deleted', 'task.updated', 'user.registered'])
  for (const event of events) {
    t.equal(event.actor_name, `deleted user ${fay.user.id.slice(-12)}`)
  }
})

t.test('a query parameter outside the contract is rejected and named', async (t) => {
  const cases: [query: string, pointer: string, code: string][] = [
    ['?actor_id=me', '/actor_id', 'malformed'],
    ['?action=Deleted', '/action', 'malformed'],
    ['?created_after=yesterday', '/created_after', 'malformed'],
    ['?created_before=2026-01-32', '/created_before', 'malformed'],
    ['?actor=x', '/actor', 'unknown_field'],
    ['?limit=1000', '/limit', 'out_of_range']
  ]
  for (const [query, pointer, code] of cases) {
    t.match(
      (await manager.get(`/api/v1/admin/audit-log${query}`)).json(),
      { status: 400, errors: [{ in: 'query', pointer, code }] },
      query
    )
  }
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
    t.equal(
      (await manager.send({ method, url: '/api/v1/admin/audit-log' })).statusCode,
      405,
      'nobody writes it'
    )
  }
})

import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { ipBans } from '../../../src/db/tables/ip-bans.ts'
import type { IpBan } from '../../../src/features/bans/schema.ts'
import type { Page } from '../../../src/http/pagination.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { secondInstance } from '../../support/second-instance.ts'
import { createTestApp } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

const open = await createTestApp(t)
const { request, db, signUp } = open
const root = await signUp('admin', 'root')
const PATH = '/api/v1/admin/ip-bans'
const ban = (payload: object) => root.post(PATH, payload)
const visit = (remoteAddress: string) => request({ url: '/health/live', remoteAddress })

t.test(
  'a banned IP address is rejected on every route at once, with a constant body, until the ban is lifted',
  async (t) => {
    t.equal((await visit('203.0.113.7')).statusCode, 200)
    const created = await ban({ address: '203.0.113.7', reason: 'Guesses passwords' })
    t.equal(created.statusCode, 201)
    t.match(created.json(), {
      address: '203.0.113.7',
      reason: 'Guesses passwords',
      automatic: false,
      created_by: root.user.id,
      until: null
    })
    const bodies = []
    for (const [method, url] of [
      ['GET', '/health/live'],
      ['POST', '/api/v1/auth/login'],
      ['GET', '/api/v1/tasks'],
      ['GET', '/nothing/here'],
      ['DELETE', '/']
    ] as const) {
      const response = await request({ method, url, remoteAddress: '::ffff:203.0.113.7' })
      t.equal(response.statusCode, 403, `${method} ${url}`)
      t.equal(response.headers['retry-after'], '86400')
      t.equal(response.headers['x-content-type-options'], 'nosniff')
      const { instance, request_id, ...rest } = response.json()
      t.equal(instance, url)
      t.equal(request_id, response.headers['x-request-id'])
      bodies.push(JSON.stringify(rest))
    }
    t.equal(new Set(bodies).size, 1)
    t.match(JSON.parse(bodies[0] as string), { code: 'ip_banned', status: 403 })
    t.equal((await visit('203.0.113.8')).statusCode, 200)
    t.equal(
      (await root.send({ method: 'DELETE', url: `${PATH}/${created.json().id}` })).statusCode,
      204
    )
    t.equal((await visit('203.0.113.7')).statusCode, 200)
    t.equal(
      (await root.send({ method: 'DELETE', url: `${PATH}/${created.json().id}` })).statusCode,
      404
    )
  }
)

t.test('a range is banned as a whole, in canonical form, until the ban expires', async (t) => {
  const end = new Date(Date.now() + 3_600_000).toISOString()
  const created = await ban({ address: '2001:DB8:1::5/48', until: end })
  t.match(created.json(), { address: '2001:db8:1::/48', reason: null, until: end })
  const response = await visit('2001:db8:1:ffff::1')
  t.equal(response.statusCode, 403)
  t.ok(
    Math.abs(Number(response.headers['retry-after']) - 3600) < 30,
    'Retry-After is the remaining time'
  )
  t.equal((await visit('2001:db8:2::1')).statusCode, 200)
  const again = await ban({ address: '2001:db8:1::/48' })
  t.match(again.json(), { status: 409, code: 'already_banned' })
  await db
    .update(ipBans)
    .set({ until: sql`now() - interval '1 second'` })
    .where(eq(ipBans.id, created.json().id))
  await waitUntil(
    'the end of the ban',
    async () => (await visit('2001:db8:1:ffff::1')).statusCode === 200
  )
  t.strictSame((await root.get(PATH)).json().data, [], 'expired bans are not listed')
  t.equal(
    (await root.send({ method: 'DELETE', url: `${PATH}/${created.json().id}` })).statusCode,
    404
  )
  t.equal(
    (await ban({ address: '2001:db8:1::/48', until: end })).statusCode,
    201,
    'and can be created again'
  )
})

t.test('an admin cannot ban their own IP address or too wide a range', async (t) => {
  for (const address of ['127.0.0.1', '127.0.0.0/8', '::ffff:127.0.0.1']) {
    t.match((await ban({ address })).json(), { status: 409, code: 'own_address' }, address)
  }
  for (const address of ['203.0.0.0/7', '0.0.0.0/0', '2001::/31', '::/0']) {
    t.match(
      (await ban({ address })).json(),
      { status: 400, errors: [{ pointer: '/address', code: 'out_of_range' }] },
      address
    )
  }
  for (const address of ['203.0.113', '203.0.113.7/33', '1234', '::ffff:0:0/90']) {
    t.match(
      (await ban({ address })).json(),
      { status: 400, errors: [{ pointer: '/address' }] },
      address
    )
  }
  t.match((await ban({ address: '203.0.113.9', until: '2020-01-01T00:00:00Z' })).json(), {
    status: 400,
    errors: [{ pointer: '/until', code: 'out_of_range' }]
  })
  t.match((await ban({ reason: 'x' })).json(), {
    status: 400,
    errors: [{ pointer: '/address', code: 'required' }]
  })
  t.equal((await visit('203.0.113.9')).statusCode, 200)
})

t.test('bans are for admins', async (t) => {
  for (const role of ['user', 'manager'] as const) {
    const other = await signUp(role)
    t.equal((await other.get(PATH)).statusCode, 403)
    t.equal((await other.post(PATH, { address: '203.0.113.9' })).statusCode, 403)
    t.equal(
      (await other.send({ method: 'DELETE', url: `${PATH}/019f2f6e-7c1a-7aaa-8aaa-0123456789ab` }))
        .statusCode,
      403
    )
  }
  t.equal((await request({ url: PATH })).statusCode, 401)
})

t.test(
  'each ban and each lift is in the audit log once, even when the request is repeated',
  async (t) => {
    const post = (address = '198.51.100.0/24') =>
      root.send({
        method: 'POST',
        url: PATH,
        headers: { 'idempotency-key': 'ban-1' },
        payload: { address }
      })
    const { id } = (await post()).json()
    t.match((await post()).headers, { 'idempotent-replayed': 'true' })
    t.match((await post('203.0.113.0/24')).json(), { status: 422, code: 'idempotency_key_reused' })
    await root.send({ method: 'DELETE', url: `${PATH}/${id}` })
    const entries = (await auditEntries(db)).filter(({ subject_id }) => subject_id === id)
    const common = {
      actor_id: root.user.id,
      actor_name: 'root',
      address: '127.0.0.1',
      outcome: 'succeeded',
      subject_type: 'ip_ban',
      detail: '198.51.100.0/24'
    }
    t.match(entries, [
      { ...common, action: 'ip_ban.created' },
      { ...common, action: 'ip_ban.lifted' }
    ])
    t.equal(entries.length, 2)
  }
)

t.test('the audit log says until when somebody is banned', async (t) => {
  const payload = { address: '192.0.2.77', until: '2040-03-03T11:00:00+01:00' }
  const ban = (await root.send({ method: 'POST', url: PATH, payload })).json()
  const [entry] = (await auditEntries(db)).filter(({ subject_id }) => subject_id === ban.id)
  t.equal(entry?.detail, '192.0.2.77/32 until 2040-03-03T10:00:00.000Z')
  await root.send({ method: 'DELETE', url: `${PATH}/${ban.id}` })
})

t.test('the list is newest first and pages without gaps', async (t) => {
  for (let i = 1; i <= 5; i++) {
    await ban({ address: `192.0.2.${i}` })
  }
  const seen = []
  for (let url: string | undefined = `${PATH}?limit=2`; url; ) {
    const { data, pagination }: Page<IpBan> = (await root.get(url)).json()
    seen.push(...data.map(({ address }) => address))
    url =
      pagination.next_cursor === null
        ? undefined
        : `${PATH}?limit=2&cursor=${pagination.next_cursor}`
  }
  t.strictSame(
    seen.slice(0, 5),
    [5, 4, 3, 2, 1].map((i) => `192.0.2.${i}`)
  )
  t.equal(new Set(seen).size, seen.length)
})

t.test('a ban and its lift take effect on another instance within two seconds', async (t) => {
  const other = await secondInstance(t, open)
  const there = async () =>
    (await other({ url: '/health/live', remoteAddress: '203.0.113.77' })).statusCode
  t.equal(await there(), 200)
  const { id } = (await ban({ address: '203.0.113.77' })).json()
  const bannedAt = Date.now()
  await waitUntil('the ban', async () => (await there()) === 403)
  t.ok(Date.now() - bannedAt < 2000)
  await root.send({ method: 'DELETE', url: `${PATH}/${id}` })
  const liftedAt = Date.now()
  await waitUntil('the lift', async () => (await there()) === 200)
  t.ok(Date.now() - liftedAt < 2000)
})

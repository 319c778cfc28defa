import { eq } from 'drizzle-orm'
import t from 'tap'
import { apiKeys } from '../../../src/db/tables/api-keys.ts'
import { users } from '../../../src/db/tables/users.ts'
import type { ApiKeyCreated } from '../../../src/features/api-keys/schema.ts'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const KEYS = '/api/v1/me/api-keys'
const DAY_MS = 86_400_000
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString()
const order = (change: object = {}) => ({
  name: 'Report',
  scopes: ['tasks:read'],
  expires_at: inDays(30),
  ...change
})

async function keyFor(
  person: Person,
  change: object = {}
): Promise<ApiKeyCreated & { with: { authorization: string } }> {
  const key = (await person.post(KEYS, order(change))).json()
  return { ...key, with: { authorization: `Bearer ${key.key}` } }
}

t.test(
  'a key is shown once, stored as a hash, listed without its secret and revoked for good',
  async (t) => {
    const { request, signUp, db } = await createTestApp(t)
    const ann = await signUp()
    const response = await ann.post(
      KEYS,
      order({ name: '  Report ', scopes: ['tasks:read', 'tasks:read', 'profile:read'] })
    )
    t.equal(response.statusCode, 201)
    t.equal(response.headers['cache-control'], 'no-store')
    const { key, ...shown } = response.json()
    t.match(key, /^tl_[0-9A-Za-z]{46}$/)
    t.match(shown, {
      name: 'Report',
      scopes: ['tasks:read', 'profile:read'],
      prefix: key.slice(0, 11),
      last_used_at: null
    })
    t.strictSame((await ann.get(KEYS)).json().data, [shown])
    const [row] = await db.select().from(apiKeys)
    t.notMatch(JSON.stringify(row), key.slice(11))

    const withKey = { authorization: `Bearer ${key}` }
    t.equal((await request({ url: '/api/v1/me', headers: withKey })).json().id, ann.user.id)
    t.equal((await ann.send({ method: 'DELETE', url: `${KEYS}/${shown.id}` })).statusCode, 204)
    t.equal((await request({ url: '/api/v1/me', headers: withKey })).statusCode, 401)
    t.equal((await ann.send({ method: 'DELETE', url: `${KEYS}/${shown.id}` })).statusCode, 404)
    t.strictSame(
      (await auditEntries(db, 'user.registered')).map((entry) => [
        summarize(entry),
        entry.actor_id,
        entry.subject_id,
        entry.detail
      ]),
      [
        ['api_key.created', ann.user.id, shown.id, 'tasks:read profile:read'],
        ['api_key.revoked', ann.user.id, shown.id, null]
      ]
    )
  }
)

t.test("another user's key can be neither listed nor revoked", async (t) => {
  const { signUp, db } = await createTestApp(t)
  const [ann, bob] = [await signUp(), await signUp('admin')]
  const key = await keyFor(ann)
  t.strictSame((await bob.get(KEYS)).json().data, [])
  const foreign = await bob.send({ method: 'DELETE', url: `${KEYS}/${key.id}` })
  const absent = await bob.send({
    method: 'DELETE',
    url: `${KEYS}/019f2f6e-7c1a-7ddd-8ddd-0123456789ab`
  })
  t.strictSame([foreign.statusCode, absent.statusCode], [404, 404])
  t.equal(await db.$count(apiKeys), 1)
})

t.test('a key requires a name, a scope and an expiry within a year', async (t) => {
  const { signUp, db } = await createTestApp(t)
  const ann = await signUp()
  const faults: [change: object, pointer: string, code: string][] = [
    [{ name: ' ' }, '/name', 'malformed'],
    [{ scopes: [] }, '/scopes', 'too_short'],
    [{ scopes: ['tasks:delete'] }, '/scopes/0', 'unknown_value'],
    [{ expires_at: undefined }, '/expires_at', 'required'],
    [{ expires_at: '2026-07-01' }, '/expires_at', 'malformed'],
    [{ expires_at: inDays(-1) }, '/expires_at', 'out_of_range'],
    [{ expires_at: inDays(367) }, '/expires_at', 'out_of_range'],
    [{ role: 'admin' }, '/role', 'unknown_field']
  ]
  for (const [change, pointer, code] of faults) {
    t.match(
      (await ann.post(KEYS, order(change))).json(),
      { status: 400, errors: [{ pointer, code }] },
      JSON.stringify(change)
    )
  }
  t.equal(await db.$count(apiKeys), 0)
  t.equal((await ann.post(KEYS, order({ expires_at: inDays(365) }))).statusCode, 201)
})

t.test(
  'a key stops working when it expires and when its owner is disabled or deleted',
  async (t) => {
    const { request, signUp, db } = await createTestApp(t)
    const statusWith = async (key: { with: { authorization: string } }) =>
      (await request({ url: '/api/v1/tasks', headers: key.with })).statusCode
    const ann = await signUp()
    const [old, key] = [await keyFor(ann), await keyFor(ann)]
    t.equal(await statusWith(old), 200)
    await db
      .update(apiKeys)
      .set({ expires_at: inDays(-1) })
      .where(eq(apiKeys.id, old.id))
    t.equal(await statusWith(old), 401)
    await db.update(users).set({ disabled: true }).where(eq(users.id, ann.user.id))
    t.equal(await statusWith(key), 401)
    await db.update(users).set({ disabled: false }).where(eq(users.id, ann.user.id))
    t.equal(await statusWith(key), 200)
    await db.delete(users).where(eq(users.id, ann.user.id))
    t.equal(await statusWith(key), 401)
    t.equal(await db.$count(apiKeys), 0)
  }
)

t.test('the list of keys is paged newest first, even with equal timestamps', async (t) => {
  const { signUp, db } = await createTestApp(t)
  const ann = await signUp()
  for (let i = 0; i < 5; i++) {
    await keyFor(ann, { name: `Key ${i}` })
  }
  await db.update(apiKeys).set({ created_at: '2026-01-01T00:00:00.000Z' })
  const names: string[] = []
  let cursor = ''
  do {
    const page = (await ann.get(`${KEYS}?limit=2${cursor && `&cursor=${cursor}`}`)).json()
    names.push(...page.data.map((key: { name: string }) => key.name))
    cursor = page.pagination.next_cursor ?? ''
  } while (cursor !== '')
  t.strictSame(names, ['Key 4', 'Key 3', 'Key 2', 'Key 1', 'Key 0'])
})

t.test('a user has at most fifty keys, even with parallel requests', async (t) => {
  const { signUp, db } = await createTestApp(t)
  const ann = await signUp()
  for (let i = 0; i < 45; i++) {
    await keyFor(ann)
  }
  const responses = await Promise.all(Array.from({ length: 20 }, () => ann.post(KEYS, order())))
  t.strictSame(countStatuses(responses), { 201: 5, 403: 15 })
  t.match(responses.find((response) => response.statusCode === 403)?.json(), {
    code: 'too_many_keys'
  })
  t.equal(await db.$count(apiKeys), 50)
})

t.test(
  'repeating the creation of a key with its idempotency key creates none and returns the first id',
  async (t) => {
    const { signUp, db } = await createTestApp(t)
    const ann = await signUp()
    const send = (payload: object) =>
      ann.send({ method: 'POST', url: KEYS, payload, headers: { 'idempotency-key': 'first' } })
    const payload = order()
    const first = (await send(payload)).json()
    const again = await send(payload)
    t.match(again.json(), { status: 409, code: 'key_already_made' })
    t.match(again.json().detail, first.id)
    t.notMatch(again.body, first.key)
    t.equal((await send(order({ name: 'Another' }))).statusCode, 422)
    t.equal(await db.$count(apiKeys), 1)
  }
)

t.test('the last use of a key is stored, at most once a minute', async (t) => {
  const { request, signUp, db } = await createTestApp(t)
  const key = await keyFor(await signUp())
  const lastUse = async () => (await db.select().from(apiKeys))[0]?.last_used_at
  const use = () => request({ url: '/api/v1/tasks', headers: key.with })
  t.equal(await lastUse(), null)
  await Promise.all([use(), use(), use()])
  const first = await lastUse()
  t.not(first, null)
  await use()
  t.equal(await lastUse(), first)
  await db.update(apiKeys).set({ last_used_at: '2026-01-01T00:00:00.000Z' })
  await use()
  t.not(await lastUse(), '2026-01-01T00:00:00.000Z')
})

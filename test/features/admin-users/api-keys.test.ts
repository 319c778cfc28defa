import t from 'tap'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { request, db, signUp } = await createTestApp(t)
const root = await signUp('admin', 'root')
const of = (who: Person) => `/api/v1/admin/users/${who.user.id}`
const keysOf = (who: Person) => `${of(who)}/api-keys`
const remove = (who: Person, url: string) => who.send({ method: 'DELETE', url })

async function keyFor(who: Person, name = 'Report') {
  const { id, key } = (
    await who.post('/api/v1/me/api-keys', {
      name,
      scopes: ['tasks:read'],
      expires_at: new Date(Date.now() + 86_400_000).toISOString()
    })
  ).json()
  const headers = { authorization: `Bearer ${key}` }
  return {
    id,
    key,
    status: async () => (await request({ url: '/api/v1/tasks', headers })).statusCode
  }
}
const revocationsOf = async (...ids: string[]) =>
  (await auditEntries(db))
    .filter(({ subject_id }) => ids.includes(String(subject_id)))
    .map((entry) => [summarize(entry), entry.actor_name])

t.test(
  'an admin pages through the API keys of a user, newest first and without secrets',
  async (t) => {
    const ann = await signUp('user', 'ann')
    const keys = [await keyFor(ann, 'One'), await keyFor(ann, 'Two'), await keyFor(ann, 'Three')]
    const first = (await root.get(`${keysOf(ann)}?limit=2`)).json()
    t.strictSame(
      first.data.map(({ name }: { name: string }) => name),
      ['Three', 'Two']
    )
    t.strictSame(first.data[0], (await ann.get('/api/v1/me/api-keys?limit=1')).json().data[0])
    const { next_cursor } = first.pagination
    const second = (await root.get(`${keysOf(ann)}?limit=2&cursor=${next_cursor}`)).json()
    t.match(second, { data: [{ name: 'One' }], pagination: { has_more: false } })
    for (const { key } of keys) {
      t.notMatch(JSON.stringify([first, second]), key.slice(11))
    }
    const bob = await signUp('user', 'bob')
    t.equal((await root.get(`${keysOf(bob)}?cursor=${next_cursor}`)).statusCode, 400)
    t.strictSame((await root.get(keysOf(bob))).json().data, [])
  }
)

t.test('an admin revokes one API key of a user, immediately, and no other', async (t) => {
  const cid = await signUp('user', 'cid')
  const eve = await signUp('user', 'eve')
  const [one, other, foreign] = [await keyFor(cid), await keyFor(cid), await keyFor(eve)]
  t.equal((await remove(root, `${keysOf(cid)}/${foreign.id}`)).statusCode, 404)
  t.equal((await remove(root, `${keysOf(cid)}/${one.id.toUpperCase()}`)).statusCode, 204)
  t.strictSame([await one.status(), await other.status(), await foreign.status()], [401, 200, 200])
  t.equal((await remove(root, `${keysOf(cid)}/${one.id}`)).statusCode, 404)
  t.strictSame(await revocationsOf(one.id, other.id, foreign.id), [
    ['api_key.created', 'cid'],
    ['api_key.created', 'cid'],
    ['api_key.created', 'eve'],
    ['api_key.revoked', 'root']
  ])
})

t.test('an admin revokes every API key of a user, whose sessions go on', async (t) => {
  const fay = await signUp('user', 'fay')
  const keys = [await keyFor(fay), await keyFor(fay)]
  t.equal((await remove(root, keysOf(fay))).statusCode, 204)
  t.strictSame(await Promise.all(keys.map(({ status }) => status())), [401, 401])
  t.equal((await fay.get('/api/v1/me')).statusCode, 200)
  t.equal((await remove(root, keysOf(fay))).statusCode, 204, 'none is left, which is no error')
})

t.test('ending the sessions of a user ends their API keys as well', async (t) => {
  const gus = await signUp('user', 'gus')
  const key = await keyFor(gus)
  t.equal((await remove(root, `${of(gus)}/sessions`)).statusCode, 204)
  t.equal(await key.status(), 401)
  t.equal((await gus.get('/api/v1/me')).statusCode, 401)
  t.strictSame((await revocationsOf(key.id)).at(-1), ['api_key.revoked', 'root'])
})

t.test('disabling a user makes their API keys useless at once', async (t) => {
  const hal = await signUp('user', 'hal')
  const key = await keyFor(hal)
  t.equal(await key.status(), 200)
  await root.send({ method: 'PATCH', url: of(hal), payload: { disabled: true } })
  t.equal(await key.status(), 401)
})

t.test('only admins reach the API keys of users, and only of users that exist', async (t) => {
  const ida = await signUp('user', 'ida')
  const key = await keyFor(ida)
  const nobody = '/api/v1/admin/users/019f2f6e-7c1a-7aaa-8aaa-0123456789ab/api-keys'
  for (const who of [ida, await signUp('manager', 'mia')]) {
    t.match((await who.get(keysOf(ida))).json(), { status: 403, code: 'not_allowed' })
    t.equal((await remove(who, keysOf(ida))).statusCode, 403)
    t.equal((await remove(who, `${keysOf(ida)}/${key.id}`)).statusCode, 403)
  }
  t.equal((await root.get(nobody)).statusCode, 404)
  t.equal((await remove(root, nobody)).statusCode, 404)
  t.equal((await remove(root, `${nobody}/${key.id}`)).statusCode, 404)
  t.equal(await key.status(), 200)
})

import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import type { Person as PersonBody } from '../../../src/features/people/schema.ts'
import { emailsTo } from '../../support/emails.ts'
import { tokenIn } from '../../support/links.ts'
import { secondInstance } from '../../support/second-instance.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const h = await createTestApp(t)
const { db, mail, request, signUp } = h
const root = await signUp('admin', 'root')
const find = async (who: Person, query = ''): Promise<PersonBody[]> =>
  (await who.get(`/api/v1/people?limit=100&${query}`)).json().data
const namesFor = async (who: Person, query = '') =>
  (await find(who, query)).map(({ username }) => username)
const idsFor = async (who: Person, ...ids: string[]) =>
  (await find(who, ids.map((id) => `id=${id}`).join('&'))).map(({ id }) => id)

t.test('who shares an assignment sees the other, as long as both see the task', async (t) => {
  const ann = await signUp('user', 'ann')
  const bob = await signUp('user', 'bob')
  const cid = await signUp('user', 'cid')
  t.strictSame(await namesFor(ann), ['ann'])
  const task = await ann.create({ title: 'Paint the door', assignee_id: bob.user.id })
  t.strictSame(await namesFor(ann), ['ann', 'bob'])
  t.strictSame(await namesFor(bob), ['ann', 'bob'])
  t.strictSame(await idsFor(bob, ann.user.id, cid.user.id), [ann.user.id])
  t.strictSame(await namesFor(cid), ['cid'], 'nobody else sees them')
  await ann.remove(task)
  t.strictSame(await namesFor(bob), ['bob'], 'what is in the trash of its owner is not shared')
  t.strictSame(await namesFor(ann), ['ann', 'bob'], 'the owner sees whose it was')
  await ann.restore(task)
  t.strictSame(await namesFor(bob), ['ann', 'bob'])
  await ann.patch(task, { assignee_id: null })
  t.strictSame(await namesFor(ann), ['ann'])
  t.strictSame(await namesFor(bob), ['bob'])
})

t.test('whoever was invited and who invited them see each other', async (t) => {
  const email = 'dora@example.com'
  const inviter = await signUp('admin', 'inviter')
  await inviter.post('/api/v1/admin/invitations', { email })
  const payload = {
    email,
    password: PASSWORD,
    invitation_token: tokenIn((await emailsTo(mail, email))[0])
  }
  const dora = (await request({ method: 'POST', url: '/api/v1/auth/register', payload })).json()
  await db.update(users).set({ role: 'user' }).where(eq(users.id, inviter.user.id))
  const headers = { authorization: `Bearer ${dora.access_token}` }
  const seen = (await request({ url: '/api/v1/people', headers })).json()
  t.strictSame(seen.data, [
    { id: dora.user.id, display_name: 'd…@example.com', username: null },
    { id: inviter.user.id, display_name: 'inviter', username: 'inviter' }
  ])
  t.strictSame(await idsFor(inviter, dora.user.id), [dora.user.id])
})

t.test('people have a name and never an email', async (t) => {
  const eve = await signUp('user', 'eve', { email: 'eve@example.com', name: 'Eve Ma' })
  const response = await root.get(`/api/v1/people?id=${eve.user.id.toUpperCase()}`)
  t.strictSame(response.json().data, [{ id: eve.user.id, display_name: 'Eve Ma', username: 'eve' }])
  await eve.send({ method: 'PATCH', url: '/api/v1/me', payload: { name: null } })
  t.match(await find(root, `id=${eve.user.id}`), [{ display_name: 'eve', username: 'eve' }])
  await db.update(users).set({ username: null }).where(eq(users.id, eve.user.id))
  const masked = await root.get(`/api/v1/people?id=${eve.user.id}`)
  t.match(masked.json().data, [{ display_name: 'e…@example.com', username: null }])
  t.notMatch(masked.body, 'eve')
})

t.test('managers and admins find everybody, and so do all with DIRECTORY=all', async (t) => {
  const fay = await signUp('user', 'fay')
  const manager = await signUp('manager', 'manager')
  for (const who of [root, manager]) {
    t.strictSame(await idsFor(who, fay.user.id), [fay.user.id])
    t.ok((await namesFor(who)).includes('fay'))
  }
  const gus = await signUp('user', 'gus')
  t.strictSame(await idsFor(gus, fay.user.id), [])
  const { database, config } = h
  const open = await secondInstance(t, { database, config: { ...config, DIRECTORY: 'all' } })
  const headers = { authorization: `Bearer ${gus.access_token}` }
  const everybody = await open({ url: '/api/v1/people?limit=100', headers })
  t.ok(everybody.json().data.some(({ id }: PersonBody) => id === fay.user.id))
})

t.test('q is the beginning of a name or a username, whatever its case and accents', async (t) => {
  await signUp('user', 'Hal.9000', { name: 'Éva Halász' })
  await signUp('user', 'ida_1', { name: 'ÉVA 100%' })
  const found = (q: string) => namesFor(root, `q=${encodeURIComponent(q)}`)
  t.strictSame(await found('éVa'), ['ida_1', 'Hal.9000'])
  t.strictSame(await found('eva h'), ['Hal.9000'])
  t.strictSame(await found('hal'), ['Hal.9000'])
  t.strictSame(await found('  HAL.'), ['Hal.9000'])
  t.strictSame(await found('IDA_'), ['ida_1'])
  t.strictSame(await found('eva 100%'), ['ida_1'])
  for (const other of ['halász', 'ida%', 'i_a', '%', 'va', '\u0301', ' ']) {
    t.strictSame(await found(other), [], other)
  }
  const nobody = await signUp('user', 'jon')
  t.strictSame(await namesFor(nobody, 'q=hal'), [])
  t.strictSame(await namesFor(nobody, 'q=JO'), ['jon'])
})

t.test('up to a hundred ids are resolved at once; who cannot be seen is absent', async (t) => {
  const kim = await signUp('user', 'kim')
  const lea = await signUp('user', 'lea')
  const absent = '019f2f6e-7c1a-7aaa-8aaa-0123456789ab'
  t.strictSame(await idsFor(kim, kim.user.id, lea.user.id, absent), [kim.user.id])
  const query = (ids: string[]) => `/api/v1/people?${ids.map((id) => `id=${id}`).join('&')}`
  const all = await root.get(`${query([kim.user.id, lea.user.id])}&q=l`)
  t.strictSame(all.json().data, [{ id: lea.user.id, display_name: 'lea', username: 'lea' }])
  const many = Array.from({ length: 100 }, (_, i) => absent.slice(0, -2) + (i + 100).toString(16))
  t.equal((await root.get(query(many))).statusCode, 200)
  t.equal((await root.get(query([...many, absent]))).statusCode, 400)
  t.equal((await root.get(query(['nonsense']))).statusCode, 400)
  t.equal((await root.get('/api/v1/people?q=')).statusCode, 400)

  await db.update(users).set({ disabled: true }).where(eq(users.id, lea.user.id))
  t.strictSame(await namesFor(root, 'q=lea'), [], 'nobody can be given a task any more')
  t.strictSame(await idsFor(root, lea.user.id), [lea.user.id], 'their name is still known')
  await root.send({ method: 'DELETE', url: `/api/v1/admin/users/${lea.user.id}` })
  t.strictSame(await idsFor(root, lea.user.id), [])
})

t.test('more than twenty ids are on one page, and pages end where they should', async (t) => {
  await db.execute(sql`
    INSERT INTO users (id, username, name, role)
    SELECT gen_random_uuid(), 'zoe-' || n, CASE WHEN n % 2 = 0 THEN 'Zoe' END, 'user'
    FROM generate_series(1, 45) n`)
  const everybody = await find(root, 'q=zoe')
  t.equal(everybody.length, 45)
  const ids = everybody.map(({ id }) => `id=${id}`).join('&')
  const resolved = (await root.get(`/api/v1/people?${ids}`)).json()
  t.match(resolved.pagination, { total_returned: 45, has_more: false })

  const seen: string[] = []
  let url: string | undefined = '/api/v1/people?q=ZOE&limit=20'
  while (url !== undefined) {
    const response = await root.get(url)
    seen.push(...response.json().data.map(({ id }: PersonBody) => id))
    url = /^<(.+)>; rel="next"$/.exec(String(response.headers.link))?.[1]
  }
  t.strictSame(
    seen,
    everybody.map(({ id }) => id)
  )
  const { next_cursor } = (await root.get('/api/v1/people?q=zoe&limit=1')).json().pagination
  t.equal((await root.get(`/api/v1/people?q=z&cursor=${next_cursor}`)).statusCode, 400)
})

t.test('an API key needs the scope people:read', async (t) => {
  const mia = await signUp('user', 'mia')
  const statusWith = async (scope: string) => {
    const expires_at = new Date(Date.now() + 86_400_000).toISOString()
    const key = { name: scope, scopes: [scope], expires_at }
    const created = (await mia.post('/api/v1/me/api-keys', key)).json()
    const headers = { authorization: `Bearer ${created.key}` }
    return (await request({ url: '/api/v1/people', headers })).statusCode
  }
  t.equal(await statusWith('people:read'), 200)
  t.equal(await statusWith('tasks:read'), 403)
})

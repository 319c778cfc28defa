import { eq } from 'drizzle-orm'
import t from 'tap'
import { sessions } from '../../../src/db/tables/sessions.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { decode } from '../../support/forge-token.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const { request, db, signUp } = await createTestApp(t)
const URL = '/api/v1/auth/sessions'
const login = async (username: string, headers: Record<string, string> = {}) =>
  (
    await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username, password: PASSWORD },
      headers
    })
  ).json()
const bearer = (tokens: { access_token: string }) => ({
  authorization: `Bearer ${tokens.access_token}`
})
const sidOf = (tokens: { access_token: string }): string =>
  String(decode(tokens.access_token.split('.')[1]).sid)

t.test('the list shows where the user is logged in, newest first, without tokens', async (t) => {
  const ann = await signUp('user', 'ann')
  const second = await login('ann', { 'user-agent': 'Curl of Tests/1.0' })
  const response = await request({ url: URL, headers: bearer(second) })
  t.equal(response.statusCode, 200)
  const { data, pagination } = response.json()
  t.match(data, [
    {
      id: sidOf(second),
      current: true,
      user_agent: 'Curl of Tests/1.0',
      address_prefix: '127.0.0.0/24'
    },
    { id: sidOf(ann), current: false }
  ])
  t.strictSame(Object.keys(data[0]).sort(), [
    'address_prefix',
    'created_at',
    'current',
    'id',
    'last_used_at',
    'user_agent'
  ])
  t.strictSame(pagination, { limit: 20, next_cursor: null, has_more: false, total_returned: 2 })
})

t.test('the list pages by cursor across sessions with equal timestamps', async (t) => {
  const ann = await signUp('user', 'pages')
  for (let i = 0; i < 4; i++) {
    await login('pages')
  }
  await db
    .update(sessions)
    .set({ created_at: '2026-01-02T03:04:05.678Z' })
    .where(eq(sessions.user_id, ann.user.id))
  const seen: string[] = []
  let cursor = ''
  do {
    const { data, pagination } = (await ann.get(`${URL}?limit=2${cursor}`)).json()
    seen.push(...data.map(({ id }: { id: string }) => id))
    cursor = pagination.next_cursor && `&cursor=${pagination.next_cursor}`
  } while (cursor)
  t.equal(seen.length, 5)
  t.equal(new Set(seen).size, 5)
  const bea = await signUp()
  const { pagination } = (await ann.get(`${URL}?limit=2`)).json()
  t.equal(
    (await bea.get(`${URL}?limit=2&cursor=${pagination.next_cursor}`)).statusCode,
    400,
    "a cursor is one caller's"
  )
})

t.test('one session can be ended from another, with immediate effect', async (t) => {
  const ann = await signUp('user', 'ender')
  const lost = await login('ender')
  t.equal((await request({ url: '/api/v1/me', headers: bearer(lost) })).statusCode, 200)
  t.equal(
    (await ann.send({ method: 'DELETE', url: `${URL}/${sidOf(lost).toUpperCase()}` })).statusCode,
    204
  )
  t.equal((await request({ url: '/api/v1/me', headers: bearer(lost) })).statusCode, 401)
  t.equal(
    (
      await request({
        method: 'POST',
        url: '/api/v1/auth/refresh',
        payload: { refresh_token: lost.refresh_token }
      })
    ).statusCode,
    401
  )
  t.equal(
    (await ann.send({ method: 'DELETE', url: `${URL}/${sidOf(lost)}` })).statusCode,
    404,
    'an ended one is not found'
  )
  t.strictSame(
    (await ann.get(URL)).json().data.map(({ id }: { id: string }) => id),
    [sidOf(ann)]
  )
  const entries = (await auditEntries(db, 'user.registered', 'user.logged_in')).filter(
    ({ actor_id }) => actor_id === ann.user.id
  )
  t.match(entries, [
    {
      action: 'session.ended',
      outcome: 'succeeded',
      subject_type: 'session',
      subject_id: sidOf(lost)
    }
  ])
})

t.test("another user's session, an unknown one and a malformed id get the same 404", async (t) => {
  const ann = await signUp()
  const bea = await signUp()
  const responses = await Promise.all(
    [sidOf(bea), '019f2f6e-7c1a-7aaa-8aaa-0123456789ab', 'nonsense'].map((id) =>
      ann.send({ method: 'DELETE', url: `${URL}/${id}` })
    )
  )
  for (const response of responses) {
    t.match(response.json(), { status: 404, code: 'not_found', detail: 'Not found.' })
  }
  t.equal((await bea.get('/api/v1/me')).statusCode, 200)
})

t.test('all other sessions can be ended at once', async (t) => {
  const ann = await signUp('user', 'alone')
  const others = [await login('alone'), await login('alone')]
  const bea = await signUp()
  t.equal((await ann.send({ method: 'DELETE', url: URL })).statusCode, 204)
  for (const other of others) {
    t.equal((await request({ url: '/api/v1/me', headers: bearer(other) })).statusCode, 401)
  }
  t.equal((await ann.get('/api/v1/me')).statusCode, 200)
  t.equal((await bea.get('/api/v1/me')).statusCode, 200)
  const about = (await auditEntries(db)).filter(
    ({ subject_id, action }) => subject_id === ann.user.id && action === 'user.sessions_ended'
  )
  t.match(about, [{ outcome: 'succeeded', detail: '2' }])
  t.equal(
    (await ann.send({ method: 'DELETE', url: URL })).statusCode,
    204,
    'even if there are none'
  )
})

t.test('at most 20 sessions are live; a login ends the oldest', async (t) => {
  const ann = await signUp('user', 'many')
  const tokens = []
  for (let i = 0; i < 20; i++) {
    tokens.push(await login('many'))
  }
  const { data } = (await request({ url: `${URL}?limit=100`, headers: bearer(tokens[19]) })).json()
  t.equal(data.length, 20)
  t.equal((await ann.get('/api/v1/me')).statusCode, 401, 'the first one has ended')
  t.equal((await request({ url: '/api/v1/me', headers: bearer(tokens[0]) })).statusCode, 200)
})

t.test('the limit holds for 40 parallel logins', async (t) => {
  const ann = await signUp('user', 'crowd')
  const patient = async (): Promise<{ access_token: string }> => {
    const response = await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'crowd', password: PASSWORD }
    })
    return response.statusCode === 503 ? patient() : response.json()
  }
  const tokens = await Promise.all(Array.from({ length: 40 }, patient))
  const live = await Promise.all(
    tokens.map((one) => request({ url: '/api/v1/me', headers: bearer(one) }))
  )
  t.equal(live.filter(({ statusCode }) => statusCode === 200).length, 20)
  t.equal((await ann.get('/api/v1/me')).statusCode, 401)
})

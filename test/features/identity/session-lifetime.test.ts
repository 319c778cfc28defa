import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { refreshTokens, sessions } from '../../../src/db/tables/sessions.ts'
import { decode } from '../../support/forge-token.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { request, db, signUp } = await createTestApp(t, { env: { REFRESH_TOKEN_TTL: '3600' } })
const refresh = (refresh_token: string) =>
  request({ method: 'POST', url: '/api/v1/auth/refresh', payload: { refresh_token } })
const sidOf = (who: Person): string => String(decode(who.access_token.split('.')[1]).sid)
const lifeOf = async (id: string) =>
  (
    await db
      .select({
        idle: sql<number>`extract(epoch from ${sessions.idle_expires_at} - now())::int`,
        absolute: sql<number>`extract(epoch from ${sessions.expires_at} - now())::int`
      })
      .from(sessions)
      .where(eq(sessions.id, id))
  )[0]
/** Moves a session back in time, as if it had been idle for that long. */
const advanceTime = async (id: string, seconds: number) => {
  const by = sql`make_interval(secs => ${seconds})`
  await db
    .update(sessions)
    .set({
      idle_expires_at: sql`idle_expires_at - ${by}`,
      expires_at: sql`expires_at - ${by}`,
      created_at: sql`created_at - ${by}`
    })
    .where(eq(sessions.id, id))
  await db
    .update(refreshTokens)
    .set({ expires_at: sql`expires_at - ${by}` })
    .where(eq(refreshTokens.session_id, id))
}
const near = (seconds: number | undefined, wanted: number) => Math.abs((seconds ?? 0) - wanted) < 60

t.test('a refresh extends the idle limit but not the absolute one', async (t) => {
  const ann = await signUp()
  await advanceTime(sidOf(ann), 3000)
  const before = await lifeOf(sidOf(ann))
  t.ok(near(before?.idle, 600), 'ten minutes were left')
  t.equal((await refresh(ann.refresh_token)).statusCode, 200)
  const after = await lifeOf(sidOf(ann))
  t.ok(near(after?.idle, 3600))
  t.ok(near(after?.absolute, 30 * 86_400 - 3000))
})

t.test(
  'a session that was idle too long has ended: no refresh, no access, not listed',
  async (t) => {
    const ann = await signUp()
    await advanceTime(sidOf(ann), 3601)
    t.equal((await refresh(ann.refresh_token)).statusCode, 401)
    t.equal((await ann.get('/api/v1/me')).statusCode, 401)
  }
)

t.test('no refresh extends a session beyond its absolute limit', async (t) => {
  const ann = await signUp()
  await db
    .update(sessions)
    .set({ expires_at: sql`now() + interval '30 minutes'` })
    .where(eq(sessions.id, sidOf(ann)))
  const next = (await refresh(ann.refresh_token)).json()
  t.ok(near((await lifeOf(sidOf(ann)))?.idle, 1800), 'sliding stops at the end')
  await advanceTime(sidOf(ann), 1801)
  t.equal((await refresh(next.refresh_token)).statusCode, 401)
  t.equal(
    (
      await request({
        url: '/api/v1/me',
        headers: { authorization: `Bearer ${next.access_token}` }
      })
    ).statusCode,
    401
  )
})

t.test("a login deletes a few of the user's sessions that ended long ago", async (t) => {
  const ann = await signUp('user', 'ann')
  const login = () =>
    request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'ann', password: 'correct horse battery' }
    })
  for (let i = 0; i < 6; i++) {
    await login()
  }
  const mine = eq(sessions.user_id, ann.user.id)
  const ended = await db.select({ id: sessions.id }).from(sessions).where(mine).limit(5)
  for (const { id } of ended) {
    await advanceTime(id, 8 * 86_400)
  }
  await login()
  t.equal(await db.$count(sessions, mine), 5, 'three of five are deleted')
  await login()
  t.equal(await db.$count(sessions, mine), 4)
  t.equal(await db.$count(refreshTokens, sql`session_id not in (select id from sessions)`), 0)
})

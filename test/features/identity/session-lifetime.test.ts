import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { refreshTokens, sessions } from '../../../src/db/tables/sessions.ts'
import { decode } from '../../support/forge-token.ts'
import { runScheduled } from '../../support/scheduled.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const h = await createTestApp(t, { env: { REFRESH_TOKEN_TTL: '3600' } })
const { request, db, signUp } = h
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

t.test('sessions that were over a week ago are deleted with their tokens', async (t) => {
  const ann = await signUp('user', 'ann')
  const login = () =>
    request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'ann', password: 'correct horse battery' }
    })
  for (let i = 0; i < 4; i++) {
    await login()
  }
  const mine = eq(sessions.user_id, ann.user.id)
  const [first, second, third] = await db
    .select({ id: sessions.id })
    .from(sessions)
    .where(mine)
    .orderBy(sessions.created_at, sessions.id)
  for (const [session, seconds] of [
    [first, 8 * 86_400],
    [second, 6 * 86_400]
  ] as const) {
    await advanceTime(session?.id as string, seconds)
  }
  await db
    .update(sessions)
    .set({ ended_at: sql`now() - interval '8 days'` })
    .where(eq(sessions.id, third?.id as string))
  await db.execute(sql`
    INSERT INTO refresh_tokens (hash, session_id, expires_at)
    SELECT 'many-' || n, ${first?.id}::uuid, now()
    FROM generate_series(1, 1500) n`)
  t.equal(await runScheduled(h, 'sessions.purge'), 2)
  const left = (await db.select({ id: sessions.id }).from(sessions).where(mine)).map(({ id }) => id)
  t.equal(left.length, 3)
  t.notOk(left.includes(first?.id as string), 'idle for more than a week')
  t.ok(left.includes(second?.id as string), 'not that long')
  t.equal(await db.$count(refreshTokens, sql`hash like 'many-%'`), 0)
})

import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { refreshTokens } from '../../../src/db/tables/sessions.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { decode } from '../../support/forge-token.ts'
import { secondInstance } from '../../support/second-instance.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp } from '../../support/test-app.ts'

const h = await createTestApp(t)
const { request, db, signUp } = h
const refresh = (
  refresh_token: string,
  { headers, remoteAddress }: { headers?: Record<string, string>; remoteAddress?: string } = {}
) =>
  request({
    method: 'POST',
    url: '/api/v1/auth/refresh',
    payload: { refresh_token },
    ...(headers && { headers }),
    ...(remoteAddress && { remoteAddress })
  })
/** Somebody else, who has a copy of a token. */
const THIEF = { remoteAddress: '203.0.113.99' }
const sidOf = (access_token: string): unknown => decode(access_token.split('.')[1]).sid
const factsAbout = async (session: unknown) =>
  (await auditEntries(db)).filter(
    ({ subject_id, detail }) => subject_id === session || detail === `session ${session}`
  )
const reusesOf = async ({ access_token }: { access_token: string }) =>
  (await factsAbout(sidOf(access_token))).filter(
    ({ action }) => action === 'session.reuse_detected'
  )

t.test(
  'a refresh returns the next token set of the same session and uses up the old token',
  async (t) => {
    const ann = await signUp()
    const response = await refresh(ann.refresh_token)
    t.equal(response.statusCode, 200)
    t.equal(response.headers['cache-control'], 'no-store')
    const next = response.json()
    t.strictSame(next.user, ann.user)
    t.equal(sidOf(next.access_token), sidOf(ann.access_token))
    t.not(next.refresh_token, ann.refresh_token)
    t.equal((await refresh(next.refresh_token)).statusCode, 200)
    t.match(
      await factsAbout(sidOf(ann.access_token)),
      Array(2).fill({
        action: 'session.refreshed',
        outcome: 'succeeded',
        actor_id: ann.user.id,
        subject_type: 'session'
      })
    )
  }
)

t.test(
  'a refresh token that is used twice ends its session for everyone who has its tokens',
  async (t) => {
    const ann = await signUp()
    const next = (await refresh(ann.refresh_token)).json()
    t.equal(
      (
        await request({
          url: '/api/v1/me',
          headers: { authorization: `Bearer ${next.access_token}` }
        })
      ).statusCode,
      200
    )
    const again = await refresh(ann.refresh_token, THIEF)
    t.equal(again.statusCode, 401)
    t.equal(again.json().code, 'bad_credentials')
    t.equal(
      (
        await request({
          url: '/api/v1/me',
          headers: { authorization: `Bearer ${next.access_token}` }
        })
      ).statusCode,
      401
    )
    t.equal((await refresh(next.refresh_token)).statusCode, 401)
    const entries = await factsAbout(sidOf(ann.access_token))
    t.match(
      entries.map(({ action, outcome }) => [action, outcome]),
      [
        ['session.refreshed', 'succeeded'],
        ['session.reuse_detected', 'failed'],
        ['session.refreshed', 'failed']
      ]
    )
  }
)

t.test("the end of one session does not affect the user's other sessions", async (t) => {
  const ann = await signUp('user', 'two-places')
  const other = (
    await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'two-places', password: 'correct horse battery' }
    })
  ).json()
  await refresh(ann.refresh_token)
  await refresh(ann.refresh_token, THIEF)
  t.equal((await refresh(other.refresh_token)).statusCode, 200)
})

t.test('of 100 parallel refreshes of one token exactly one succeeds', async (t) => {
  for (let round = 1; round <= 3; round++) {
    const ann = await signUp()
    const responses = await Promise.all(
      Array.from({ length: 100 }, () => refresh(ann.refresh_token))
    )
    t.strictSame(countStatuses(responses), { 200: 1, 401: 99 })
    const winner = responses.find(({ statusCode }) => statusCode === 200)?.json()
    t.equal(
      (await refresh(winner.refresh_token)).statusCode,
      200,
      'and the session goes on, since all came from one client'
    )
    t.equal((await reusesOf(ann)).length, 0)
  }
})

t.test(
  'of parallel refreshes from several networks one succeeds, and the session ends once',
  async (t) => {
    const ann = await signUp()
    const responses = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        refresh(ann.refresh_token, { remoteAddress: `203.0.113.${i}` })
      )
    )
    t.strictSame(countStatuses(responses), { 200: 1, 401: 49 })
    const winner = responses.find(({ statusCode }) => statusCode === 200)?.json()
    t.equal((await refresh(winner.refresh_token)).statusCode, 401)
    t.equal((await reusesOf(ann)).length, 1)
  }
)

t.test(
  'a client whose response was lost does not lose its session by repeating the refresh',
  async (t) => {
    const ann = await signUp()
    const next = (await refresh(ann.refresh_token)).json()
    const again = await refresh(ann.refresh_token)
    t.match(again.json(), { status: 401, code: 'bad_credentials' })
    t.equal((await refresh(next.refresh_token)).statusCode, 200, 'the session is as it was')
    t.strictSame(await reusesOf(ann), [])
    t.equal((await refresh(ann.refresh_token)).statusCode, 401)
    t.equal((await reusesOf(ann)).length, 1, 'but not once the next token was used')
  }
)

t.test('a used token ends its session after ten seconds and from any other network', async (t) => {
  const late = await signUp()
  const next = (await refresh(late.refresh_token)).json()
  await db
    .update(refreshTokens)
    .set({ used_at: sql`now() - interval '11 seconds'` })
    .where(eq(refreshTokens.session_id, String(sidOf(late.access_token))))
  await refresh(late.refresh_token)
  t.equal((await refresh(next.refresh_token)).statusCode, 401)
  t.equal((await reusesOf(late)).length, 1)

  const far = await signUp()
  const own = (await refresh(far.refresh_token, { remoteAddress: '2001:db8:1:2::3' })).json()
  await refresh(far.refresh_token, { remoteAddress: '2001:db8:1:2::4' })
  t.strictSame(await reusesOf(far), [], 'the same /64 is the same network')
  await refresh(far.refresh_token, { remoteAddress: '2001:db8:1:3::3' })
  t.equal((await reusesOf(far)).length, 1)
  t.equal((await refresh(own.refresh_token)).statusCode, 401)
})

t.test('an unknown token is rejected and audited without a session', async (t) => {
  const response = await refresh('w0Zt1mJ8s4Qx7uN2aYb5cD9eF3gH6iJ1kL4mN7oP0qR', {
    headers: { 'x-request-id': 'unknown-token' }
  })
  t.equal(response.statusCode, 401)
  const entries = (await auditEntries(db)).filter(
    ({ request_id }) => request_id === 'unknown-token'
  )
  t.match(entries, [
    { action: 'session.refreshed', outcome: 'failed', actor_id: null, subject_id: null }
  ])
  t.equal((await refresh('nonsense with blanks')).statusCode, 400)
})

t.test('an access token is not accepted as a refresh token', async (t) => {
  const ann = await signUp()
  t.equal((await refresh(ann.access_token.slice(0, 200))).statusCode, 401)
})

t.test('after a restart used tokens stay used and live ones stay live', async (t) => {
  const ann = await signUp()
  const next = (await refresh(ann.refresh_token)).json()
  const restarted = await secondInstance(t, h)
  const again = await restarted({
    method: 'POST',
    url: '/api/v1/auth/refresh',
    payload: { refresh_token: next.refresh_token }
  })
  t.equal(again.statusCode, 200)
  t.equal(
    (
      await restarted({
        method: 'POST',
        url: '/api/v1/auth/refresh',
        payload: { refresh_token: ann.refresh_token }
      })
    ).statusCode,
    401
  )
  t.equal(
    (
      await restarted({
        url: '/api/v1/me',
        headers: { authorization: `Bearer ${again.json().access_token}` }
      })
    ).statusCode,
    401
  )
})

t.test('a refresh that fails because the database is down does not use up the token', async (t) => {
  const ann = await signUp()
  // The server shuts down in the middle of the transaction, after the token was used in it.
  await db.execute(
    sql`
      CREATE FUNCTION going_away() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'going away' USING errcode = '57P03';
      END $$`
  )
  await db.execute(
    sql`CREATE TRIGGER going_away BEFORE INSERT ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION going_away()`
  )
  const during = await refresh(ann.refresh_token)
  t.equal(during.statusCode, 503)
  t.ok(during.headers['retry-after'])
  await db.execute(sql`drop trigger going_away on audit_events`)
  t.equal((await refresh(ann.refresh_token)).statusCode, 200)
})

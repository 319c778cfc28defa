import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { insertFailure, resetFailures } from '../../../src/core/login-throttle.sql.ts'
import { users } from '../../../src/db/tables/users.ts'
import { openWithoutTimeouts, serverUrl } from '../../support/database.ts'
import { codeTo, resetTokenFor } from '../../support/emails.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

const skip = serverUrl === undefined && 'on the embedded database transactions take turns'
const [ANN, OTHER] = ['ann@example.com', 'other@example.com']

/** Sends a request while a change of the account waits for its commit, and commits once the request waits for it. */
async function whileAccountChanges<T>(
  t: Parameters<typeof createTestApp>[0],
  h: Awaited<ReturnType<typeof createTestApp>>,
  id: string,
  send: () => Promise<T>,
  change: Partial<typeof users.$inferInsert> = { password_hash: 'another' }
): Promise<T> {
  const own = await openWithoutTimeouts(t, h.database.url)
  let response: Promise<T> | undefined
  await own.transaction(async (tx) => {
    await tx.update(users).set(change).where(eq(users.id, id))
    response = send()
    await waitUntil('a request that waits', async () => {
      const waiting = sql`SELECT 1 FROM pg_locks WHERE NOT granted
        AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`
      return ((await h.db.execute(waiting)) as unknown as unknown[]).length > 0
    })
  })
  return response as Promise<T>
}

t.test(
  'a code is worthless after a change of the account that commits meanwhile',
  { skip },
  async (t) => {
    const h = await createTestApp(t)
    const ann = await h.signUp('user', 'ann', { email: ANN })
    const change = { email: OTHER, current_password: PASSWORD }
    // The code of the registration was sent less than a minute ago.
    await h.db.execute(
      sql`UPDATE one_time_codes SET created_at = created_at - interval '2 minutes'`
    )
    t.equal(
      (await ann.send({ method: 'PATCH', url: '/api/v1/me', payload: change })).statusCode,
      200
    )
    const otp = await codeTo(h.mail, OTHER)
    const response = await whileAccountChanges(t, h, ann.user.id, () =>
      h.request({
        method: 'POST',
        url: '/api/v1/auth/verify-email',
        payload: { email: OTHER, otp }
      })
    )
    t.match(response.json(), { code: 'invalid_code' })
    const [user] = await h.db.select().from(users).where(eq(users.id, ann.user.id))
    t.match(user, { email: ANN, password_hash: 'another' })
  }
)

t.test('so is a reset token', { skip }, async (t) => {
  const h = await createTestApp(t, { env: { EMAIL_VERIFICATION: 'off' } })
  const ann = await h.signUp('user', 'ann', { email: ANN })
  const reset_token = await resetTokenFor(h, ANN)
  const payload = { reset_token, new_password: 'a staple that is correct' }
  const response = await whileAccountChanges(
    t,
    h,
    ann.user.id,
    () => h.request({ method: 'POST', url: '/api/v1/auth/reset-password', payload }),
    { email: OTHER }
  )
  t.match(response.json(), { code: 'invalid_reset_token' })
  const [user] = await h.db.select().from(users).where(eq(users.id, ann.user.id))
  t.equal(user?.email, OTHER, 'and is not back to the one before')
})

t.test(
  'an account is not deleted by a password that is replaced meanwhile',
  { skip },
  async (t) => {
    const h = await createTestApp(t)
    const ann = await h.signUp()
    const response = await whileAccountChanges(t, h, ann.user.id, () =>
      ann.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
    )
    t.match(response.json(), { code: 'wrong_password' })
    const [user] = await h.db.select().from(users).where(eq(users.id, ann.user.id))
    t.equal(user?.deleted_at, null)
  }
)

t.test(
  'a right and a wrong password at the same time do not wait for each other',
  { skip },
  async (t) => {
    const { db } = await createTestApp(t)
    const deadlocks = async () => {
      await db.execute(sql`SELECT pg_stat_force_next_flush()`).catch(() => {})
      const found = await db.execute(
        sql`SELECT deadlocks::int AS count FROM pg_stat_database WHERE datname = current_database()`
      )
      return ([...(found as unknown as { count: number }[])][0] as { count: number }).count
    }
    const failures: unknown[] = []
    for (let round = 0; round < 100; round++) {
      const own = { subject: 'ann', opened: 'ann opened', network: `own ${round}` }
      await db.execute(insertFailure(own))
      await Promise.all(
        [resetFailures(own), insertFailure(own), insertFailure({ ...own, network: 'other' })].map(
          (statement) => db.execute(statement).catch((error) => failures.push(error))
        )
      )
    }
    t.strictSame(failures, [])
    t.equal(await deadlocks(), 0)
  }
)

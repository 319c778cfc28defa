import { eq } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { PRODUCTION } from '../../support/production-env.ts'
import { secondInstance } from '../../support/second-instance.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

t.test('of 50 first registrations over two instances exactly one becomes admin', async (t) => {
  for (let round = 1; round <= 2; round++) {
    const h = await createTestApp(t, { env: { FIRST_USER_ADMIN: 'true' } })
    const other = await secondInstance(t, h)
    const register = (i: number) =>
      (i % 2 ? h.request : other)({
        method: 'POST',
        url: '/api/v1/auth/register',
        payload: { username: `first-${i}`, password: PASSWORD }
      })
    const responses = await Promise.all(Array.from({ length: 50 }, (_, i) => register(i)))
    const created = responses
      .filter(({ statusCode }) => statusCode === 201)
      .map((response) => response.json().user)
    t.ok(created.length > 1)
    t.equal(created.filter(({ role }) => role === 'admin').length, 1, 'one response says so')
    t.equal(await h.db.$count(users, eq(users.role, 'admin')), 1, 'and one is')
    const entries = await auditEntries(h.db)
    t.equal(entries.filter(({ detail }) => detail === 'admin').length, 1)
  }
})

t.test('a first registration that is rejected does not use up the first admin', async (t) => {
  const { request, signUp } = await createTestApp(t, { env: { FIRST_USER_ADMIN: 'true' } })
  await request({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: { username: 'short', password: 'short' }
  })
  const ann = await signUp('user', 'ann')
  t.equal(ann.user.role, 'admin')
  t.equal((await signUp('user', 'bea')).user.role, 'user')
})

t.test(
  'once there was a first admin, nobody becomes admin by signing up, even after its account is deleted',
  async (t) => {
    const { signUp, db } = await createTestApp(t, { env: { FIRST_USER_ADMIN: 'true' } })
    const ann = await signUp()
    t.equal(ann.user.role, 'admin')
    await db.delete(users).where(eq(users.id, ann.user.id))
    t.equal((await signUp()).user.role, 'user')
  }
)

t.test(
  'without the setting the first account is a plain user, which is the default in production',
  async (t) => {
    const { signUp } = await createTestApp(t, { env: { FIRST_USER_ADMIN: 'false' } })
    t.equal((await signUp()).user.role, 'user')
    const h = await createTestApp(t, { env: { ...PRODUCTION, FIRST_USER_ADMIN: '' } })
    t.equal((await h.signUp()).user.role, 'user')
  }
)

t.test(
  'in development on a public address, the first account becomes admin only if it is created from this machine',
  async (t) => {
    const registerFrom = async (
      env: Record<string, string>,
      ...origins: [remoteAddress: string, headers?: Record<string, string>][]
    ) => {
      const { request } = await createTestApp(t, { env })
      const roles = []
      for (const [remoteAddress, headers] of origins) {
        const response = await request({
          method: 'POST',
          url: '/api/v1/auth/register',
          payload: { username: `person-${roles.length}`, password: PASSWORD },
          remoteAddress,
          ...(headers && { headers })
        })
        roles.push(response.json().user.role)
      }
      return roles
    }
    const open = { HOST: '0.0.0.0', ALLOW_PUBLIC_DEVELOPMENT: 'on', FIRST_USER_ADMIN: '' }
    t.strictSame(await registerFrom(open, ['192.0.2.7'], ['127.0.0.1'], ['127.0.0.1']), [
      'user',
      'admin',
      'user'
    ])
    t.strictSame(
      await registerFrom(
        { ...open, TRUST_PROXY: '127.0.0.0/8' },
        ['127.0.0.1', { 'x-forwarded-for': '192.0.2.7' }],
        ['::1']
      ),
      ['user', 'admin'],
      'behind a proxy the client counts'
    )
    t.strictSame(
      await registerFrom({ ...open, FIRST_USER_ADMIN: 'on' }, ['192.0.2.7']),
      ['admin'],
      'who sets it means everybody'
    )
  }
)

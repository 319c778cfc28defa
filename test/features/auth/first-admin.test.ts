import { eq } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { house, PASSWORD } from '../../support/house.ts'
import { auditFacts, PRODUCTION, sibling } from '../../support/identity.ts'

t.test('of 50 first registrations over two instances exactly one becomes admin', async (t) => {
  for (let round = 1; round <= 2; round++) {
    const h = await house(t, { env: { FIRST_USER_ADMIN: 'true' } })
    const other = await sibling(t, h)
    const register = (i: number) =>
      (i % 2 ? h.ask : other)({
        method: 'POST',
        url: '/api/v1/auth/register',
        payload: { username: `first-${i}`, password: PASSWORD }
      })
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => register(i)))
    const made = answers
      .filter(({ statusCode }) => statusCode === 201)
      .map((answer) => answer.json().user)
    t.ok(made.length > 1)
    t.equal(made.filter(({ role }) => role === 'admin').length, 1, 'one is told so')
    t.equal(await h.db.$count(users, eq(users.role, 'admin')), 1, 'and one is')
    const facts = await auditFacts(h.db)
    t.equal(facts.filter(({ detail }) => detail === 'admin').length, 1)
  }
})

t.test(
  'a first registration that is refused leaves the place of the first admin free',
  async (t) => {
    const { ask, person } = await house(t, { env: { FIRST_USER_ADMIN: 'true' } })
    await ask({
      method: 'POST',
      url: '/api/v1/auth/register',
      payload: { username: 'short', password: 'short' }
    })
    const ann = await person('user', 'ann')
    t.equal(ann.user.role, 'admin')
    t.equal((await person('user', 'bea')).user.role, 'user')
  }
)

t.test(
  'once there was a first admin, nobody becomes one by signing up, even when that account is gone',
  async (t) => {
    const { person, db } = await house(t, { env: { FIRST_USER_ADMIN: 'true' } })
    const ann = await person()
    t.equal(ann.user.role, 'admin')
    await db.delete(users).where(eq(users.id, ann.user.id))
    t.equal((await person()).user.role, 'user')
  }
)

t.test(
  'without the setting the first account is an ordinary one, and in production that is the default',
  async (t) => {
    const { person } = await house(t, { env: { FIRST_USER_ADMIN: 'false' } })
    t.equal((await person()).user.role, 'user')
    const h = await house(t, { env: { ...PRODUCTION, FIRST_USER_ADMIN: '' } })
    t.equal((await h.person()).user.role, 'user')
  }
)

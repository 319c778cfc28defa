import t from 'tap'
import { auditEntries } from '../../support/audit-log.ts'
import { createTestApp } from '../../support/test-app.ts'

const { request, db, signUp } = await createTestApp(t)
const patch = (who: Awaited<ReturnType<typeof signUp>>, payload: object) =>
  who.send({ method: 'PATCH', url: '/api/v1/me', payload })

t.test(
  'the profile is the account of the token, with exactly the fields of the contract',
  async (t) => {
    const ann = await signUp('user', 'ann')
    const response = await ann.get('/api/v1/me')
    t.equal(response.statusCode, 200)
    t.equal(response.headers['cache-control'], 'no-store')
    t.strictSame(Object.keys(response.json()).sort(), [
      'created_at',
      'email',
      'email_verified',
      'id',
      'name',
      'role',
      'username'
    ])
    t.match(response.json(), {
      id: ann.user.id,
      username: 'ann',
      email: null,
      name: null,
      role: 'user',
      email_verified: false
    })
  }
)

t.test('a change only affects the fields that are sent; null clears the name', async (t) => {
  const bea = await signUp('user', 'bea')
  t.match((await patch(bea, { name: '  Bea Lee ' })).json(), { name: 'Bea Lee', username: 'bea' })
  t.match((await patch(bea, { username: 'Bea.2' })).json(), { name: 'Bea Lee', username: 'Bea.2' })
  t.match((await patch(bea, { name: null })).json(), { name: null, username: 'Bea.2' })
  const entries = (await auditEntries(db, 'user.registered')).filter(
    ({ subject_id }) => subject_id === bea.user.id
  )
  t.match(entries, [
    { action: 'user.profile_changed', detail: 'name', actor_id: bea.user.id },
    { detail: 'username' },
    { detail: 'name' }
  ])
})

t.test('fields that cannot be changed are rejected and named', async (t) => {
  const cid = await signUp('user', 'cid')
  const cases: [payload: object, fault: object][] = [
    [{}, { pointer: '', code: 'empty' }],
    [{ role: 'admin' }, { pointer: '/role', code: 'unknown_field' }],
    [{ id: cid.user.id }, { pointer: '/id', code: 'unknown_field' }],
    [{ email_verified: true }, { pointer: '/email_verified', code: 'unknown_field' }],
    [{ disabled: false }, { pointer: '/disabled', code: 'unknown_field' }],
    [{ username: null }, { pointer: '/username', code: 'wrong_type' }],
    [{ username: 'c@d' }, { pointer: '/username', code: 'malformed' }],
    [{ name: ' ' }, { pointer: '/name', code: 'malformed' }],
    [{ name: 'two\nlines' }, { pointer: '/name', code: 'malformed' }],
    [{ name: 'evil\u202egnp.exe' }, { pointer: '/name', code: 'malformed' }],
    [{ name: 'x'.repeat(101) }, { pointer: '/name', code: 'too_long' }]
  ]
  for (const [payload, fault] of cases) {
    t.match(
      (await patch(cid, payload)).json(),
      { status: 400, errors: [fault] },
      JSON.stringify(payload)
    )
  }
  t.match((await cid.get('/api/v1/me')).json(), { username: 'cid', name: null, role: 'user' })
})

t.test(
  "a username that is taken is rejected, but one's own in another case is accepted",
  async (t) => {
    await signUp('user', 'dora')
    const eve = await signUp('user', 'eve')
    t.match((await patch(eve, { username: 'DORA' })).json(), {
      status: 409,
      code: 'account_exists',
      errors: [{ pointer: '/username', code: 'taken' }]
    })
    t.match((await patch(eve, { username: 'EVE' })).json(), { username: 'EVE' })
    t.match(
      (
        await request({
          method: 'POST',
          url: '/api/v1/auth/login',
          payload: { username: 'eve', password: 'correct horse battery' }
        })
      ).json(),
      { user: { username: 'EVE' } }
    )
  }
)

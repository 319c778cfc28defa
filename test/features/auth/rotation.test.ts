import t from 'tap'
import type { Secrets } from '../../../src/core/secrets.ts'
import { codeTo, resetTokenFor } from '../../support/emails.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const OLD = 'what has signed until today: 0123456789abcdef'
const NEW = 'what signs from tomorrow on: fedcba9876543210'

// The instances of one installation at each step of the rotation.
const env = { EMAIL_VERIFICATION: 'optional' }
const old = await createTestApp(t, { env, deps: { secrets: [OLD] } })
const step = (secrets: Secrets) =>
  createTestApp(t, { env, deps: { secrets }, database: { ...old.database, close: async () => {} } })
const [prepared, changed, done] = [
  await step([OLD, NEW]),
  await step([NEW, OLD]),
  await step([NEW])
]
type Instance = typeof old
const as = (instance: Instance, { access_token }: { access_token: string }, url: string) =>
  instance.request({ url, headers: { authorization: `Bearer ${access_token}` } })
/** Pairs of instances that serve side by side while a step is rolled out. */
const NEIGHBOURS: [string, Instance, Instance][] = [
  ['the new secret is accepted', old, prepared],
  ['the new secret signs', prepared, changed],
  ['the old secret is removed', changed, done]
]

let people = 0
for (const [what, before, after] of NEIGHBOURS) {
  t.test(`while ${what}, each instance accepts what the other issues`, async (t) => {
    for (const [here, there] of [
      [before, after],
      [after, before]
    ] as const) {
      const email = `person-${++people}@example.com`
      const ann = await here.signUp('user', `person-${people}`, { email })
      for (const title of ['Paint the door', 'Oil the hinge', 'Hang the lamp']) {
        await ann.create({ title })
      }
      t.equal((await as(there, ann, '/api/v1/me')).statusCode, 200)

      const titles = []
      for (let cursor = '', turn = 0; turn < 3; turn++) {
        const { data, pagination } = (
          await as([here, there][turn % 2] as Instance, ann, `/api/v1/tasks?limit=1${cursor}`)
        ).json()
        titles.push(data[0].title)
        cursor = `&cursor=${pagination.next_cursor}`
      }
      t.strictSame(titles, ['Hang the lamp', 'Oil the hinge', 'Paint the door'])

      const verified = await there.request({
        method: 'POST',
        url: '/api/v1/auth/verify-email',
        payload: { email, otp: await codeTo(here.mail, email) }
      })
      t.equal(verified.statusCode, 204, verified.body)
      const reset_token = await resetTokenFor({ request: there.request, mail: there.mail }, email)
      const reset = await here.request({
        method: 'POST',
        url: '/api/v1/auth/reset-password',
        payload: { reset_token, new_password: `${PASSWORD}!` }
      })
      t.equal(reset.statusCode, 204, reset.body)
    }
  })
}

t.test('an instance that skips a step rejects what the other signs', async (t) => {
  const ann = await old.signUp('user', 'ann')
  for (const title of ['Paint the door', 'Oil the hinge']) {
    await ann.create({ title })
  }
  t.equal((await as(done, ann, '/api/v1/me')).statusCode, 401)
  const { pagination } = (await as(old, ann, '/api/v1/tasks?limit=1')).json()
  const { access_token } = (
    await done.request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'ann', password: PASSWORD }
    })
  ).json()
  const rejected = await as(
    done,
    { access_token },
    `/api/v1/tasks?limit=1&cursor=${pagination.next_cursor}`
  )
  t.match(rejected.json(), { status: 400, errors: [{ pointer: '/cursor', code: 'bad_cursor' }] })
  t.equal(
    (
      await as(changed, { access_token }, `/api/v1/tasks?limit=1&cursor=${pagination.next_cursor}`)
    ).json().data[0].title,
    'Paint the door'
  )
})

import t from 'tap'
import { emailsTo } from '../../support/emails.ts'
import { createTestApp } from '../../support/test-app.ts'

t.test('in development, emails can be read at /dev/mails, newest first', async (t) => {
  const { request, mail, signUp } = await createTestApp(t)
  t.strictSame((await request({ url: '/dev/mails' })).json(), { data: [] })
  await signUp('user', 'ann', { email: 'ann@example.com' })
  await signUp('user', 'bob', { email: 'bob@example.com' })
  await emailsTo(mail, 'bob@example.com')
  const response = await request({ url: '/dev/mails' })
  t.equal(response.headers['cache-control'], 'no-store')
  const { data } = response.json()
  t.strictSame(
    data.map((email: { to: string }) => email.to),
    ['bob@example.com', 'ann@example.com']
  )
  t.strictSame(Object.keys(data[0]).sort(), ['html', 'subject', 'text', 'to'])
})

t.test('in production, /dev/mails does not exist', async (t) => {
  const { request } = await createTestApp(t, {
    env: {
      NODE_ENV: 'production',
      JWT_SECRET: 'q8Zt1mJ8s4Qx7uN2aYb5cD9eF3gH6iJ1kL4mN7oP0qR',
      DATABASE_URL: 'postgres://tasklane@127.0.0.1/tasklane',
      EMAIL_ENABLED: 'off'
    }
  })
  t.match((await request({ url: '/dev/mails' })).json(), { status: 404, code: 'not_found' })
})

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

t.test('a browser gets the emails as a page whose links work; programs get JSON', async (t) => {
  const { request, mail } = await createTestApp(t, {
    env: { PUBLIC_URL: 'http://localhost:3000/office' }
  })
  const asBrowser = () =>
    request({ url: '/dev/mails', headers: { accept: 'text/html,application/xml;q=0.9,*/*;q=0.8' } })
  t.match((await asBrowser()).body, 'There are none yet.')
  mail.send({
    to: 'ann@example.com',
    subject: 'A <b>code</b> & more',
    text: 'Read http://localhost:3000/office/app/?a=1&b=2. <script>alert(1)</script>\n\n    12345678\n',
    html: '<p onclick="alert(2)">12345678</p>'
  })
  const { headers, body } = await asBrowser()
  t.match(headers, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': /^default-src 'none'; style-src 'sha256-/,
    vary: 'accept'
  })
  t.match(body, '<h2>A &lt;b&gt;code&lt;/b&gt; &amp; more</h2>')
  t.ok(
    body.includes(
      'Read <a href="http://localhost:3000/office/app/?a=1&amp;b=2">' +
        'http://localhost:3000/office/app/?a=1&amp;b=2</a>. &lt;script&gt;'
    )
  )
  t.match(body, '12345678')
  t.match(body, '<a href="/office/dev/mails">')
  t.notMatch(body, /<script|onclick/)
  for (const accept of [
    undefined,
    '*/*',
    'application/json',
    'application/json, text/html;q=0.5',
    'text/html;q=0'
  ]) {
    const answer = await request({ url: '/dev/mails', ...(accept && { headers: { accept } }) })
    t.equal(answer.json().data.length, 1, String(accept))
  }
})

t.test(
  '/dev/mails is shown to this machine only, under its own name and not through a proxy',
  async (t) => {
    const { request, signUp } = await createTestApp(t, {
      env: { HOST: '0.0.0.0', ALLOW_PUBLIC_DEVELOPMENT: 'on', TRUST_PROXY: '127.0.0.0/8' }
    })
    await signUp('user', 'ann', { email: 'ann@example.com' })
    const read = (headers: Record<string, string> = {}, remoteAddress = '127.0.0.1') =>
      request({ url: '/dev/mails', headers, remoteAddress })
    for (const host of [
      'localhost',
      'LOCALHOST:3000',
      '127.0.0.1:3000',
      '127.8.8.8',
      '[::1]',
      '[::1]:80'
    ]) {
      t.equal((await read({ host })).statusCode, 200, host)
    }
    for (const peer of ['::1', '::ffff:127.0.0.1', '127.0.0.2']) {
      t.equal((await read({ host: 'localhost' }, peer)).statusCode, 200, peer)
    }
    const fromHere: Record<string, string>[] = [
      { 'x-forwarded-for': '127.0.0.1' },
      { 'x-forwarded-for': '::1, 127.0.0.1', 'x-forwarded-host': 'localhost:5173' },
      { forwarded: 'for="[::1]:4711";host=localhost:3000;proto=http' }
    ]
    for (const headers of fromHere) {
      t.equal((await read(headers)).statusCode, 200, 'a development server on this machine')
    }
    const fromElsewhere: Record<string, string>[] = [
      { 'x-forwarded-for': '198.51.100.200' },
      { 'x-forwarded-for': '127.0.0.1, 198.51.100.200' },
      { 'x-forwarded-for': 'unknown' },
      { 'x-forwarded-host': 'tunnel.example.com' },
      { 'x-real-ip': '198.51.100.200' },
      { 'cf-connecting-ip': '198.51.100.200' },
      { forwarded: 'for=198.51.100.200' },
      { forwarded: 'for=127.0.0.1, For="[2001:db8::7]:4711";proto=https' },
      { forwarded: 'host=tunnel.example.com' }
    ]
    const refused = [
      ...[
        'rebind.evil.example',
        'localhost.evil.example',
        'localhost.',
        '0.0.0.0',
        '127.0.0.1.nip.io',
        '127.1'
      ].map((host) => read({ host })),
      ...['192.0.2.7', '10.0.0.2', '172.17.0.1', '::ffff:192.0.2.7', '2001:db8::1'].map((peer) =>
        read({}, peer)
      ),
      ...fromElsewhere.map((headers) => read(headers))
    ]
    for (const answer of await Promise.all(refused)) {
      t.match(answer.json(), {
        status: 404,
        code: 'not_found',
        detail: /the machine that the server runs on/
      })
      t.notMatch(answer.body, 'ann@example.com')
    }
  }
)

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

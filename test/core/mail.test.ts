import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setImmediate as nextTick } from 'node:timers/promises'
import t from 'tap'
import { type ConfigError, readConfig } from '../../src/config.ts'
import { createMail, type EmailMessage } from '../../src/core/mail.ts'
import { smtpServer } from '../support/smtp.ts'

const MESSAGE: EmailMessage = {
  to: 'ann@example.com',
  subject: 'Your code',
  text: 'Hello Ann,\n\n    12345678\n',
  html: '<p>Hello Ann, 12345678</p>'
}
const PRODUCTION = {
  NODE_ENV: 'production',
  JWT_SECRET: 'q8Zt1mJ8s4Qx7uN2aYb5cD9eF3gH6iJ1kL4mN7oP0qR',
  DATABASE_URL: 'postgres://tasklane@127.0.0.1/tasklane'
}
const QUICK = [1, 1, 1]

function recordingLog() {
  const lines: { level: string; event?: string; tries?: number }[] = []
  const note = (level: string) => (fields: object) => {
    lines.push({ level, ...fields })
  }
  return { lines, log: { info: note('info'), warn: note('warn'), error: note('error') } }
}

t.test('an email is sent by SMTP as text and as HTML, from the configured sender', async (t) => {
  const smtp = await smtpServer(t)
  const { lines, log } = recordingLog()
  const mail = createMail(
    readConfig({ ...PRODUCTION, SMTP_URL: smtp.url, EMAIL_FROM: 'Tasklane <tasks@example.com>' }),
    log,
    QUICK
  )
  mail.send(MESSAGE)
  const [received] = await smtp.arrived(1)
  await mail.close()
  t.match(received, {
    from: 'tasks@example.com',
    to: ['ann@example.com'],
    headers: /From: Tasklane <tasks@example.com>\r\n/,
    text: '    12345678',
    html: MESSAGE.html
  })
  t.match(received?.headers, /Subject: Your code\r\n/)
  t.match(lines, [{ level: 'info', event: 'mail.sent', tries: 1 }])
  t.notMatch(JSON.stringify(lines), '12345678', 'in production the text is not logged')
  t.notMatch(JSON.stringify(lines), 'ann@example.com')
  t.strictSame(mail.sentMessages(), [])
})

t.test('a sender arrives as its name and one address, whatever the name', async (t) => {
  const smtp = await smtpServer(t)
  const senders = [
    ['Team: Tasks <tasks@example.com>', '"Team: Tasks" <tasks@example.com>'],
    ['A; B <tasks@example.com>', '"A; B" <tasks@example.com>'],
    ['Lee, Ann <tasks@example.com>', '"Lee, Ann" <tasks@example.com>'],
    ['"Lee, Ann" <tasks@example.com>', '"Lee, Ann" <tasks@example.com>'],
    ['The "Team" <tasks@example.com>', '"The \\"Team\\"" <tasks@example.com>'],
    ['"Ann <ann@x.example>" <tasks@example.com>', '"Ann <ann@x.example>" <tasks@example.com>'],
    ['Müller <tasks@example.com>', '=?UTF-8?Q?M=C3=BCller?= <tasks@example.com>'],
    ['tasks@example.com', 'tasks@example.com'],
    ['Tasks <Tasks@BÜCHER.example>', 'Tasks <tasks@xn--bcher-kva.example>']
  ]
  for (const [i, [EMAIL_FROM = '', header = '']] of senders.entries()) {
    const mail = createMail(
      readConfig({ NODE_ENV: 'test', SMTP_URL: smtp.url, EMAIL_FROM }),
      recordingLog().log,
      QUICK
    )
    mail.send(MESSAGE)
    const received = (await smtp.arrived(i + 1))[i]
    await mail.close()
    t.match(received?.from, /^tasks@(example\.com|b\u00fccher\.example)$/)
    t.ok(received?.headers.includes(`From: ${header}\r\n`), EMAIL_FROM)
  }
})

t.test('a temporary failure is retried a few times', async (t) => {
  for (const [failures, tries, end] of [
    [2, 3, 'mail.sent'],
    [9, 4, 'mail.given_up']
  ] as const) {
    const smtp = await smtpServer(t, (nth) =>
      nth <= failures ? { code: 451, text: 'try later' } : undefined
    )
    const { lines, log } = recordingLog()
    const mail = createMail(readConfig({ NODE_ENV: 'test', SMTP_URL: smtp.url }), log, QUICK)
    mail.send(MESSAGE)
    await mail.close()
    t.equal(smtp.deliveries(), tries)
    t.match(lines.at(-1), { event: end, tries })
    t.notMatch(JSON.stringify(lines), /12345678|ann@example\.com/)
  }
})

t.test('a permanent failure is not retried', async (t) => {
  const smtp = await smtpServer(t, () => ({ code: 550, text: 'no such mailbox' }))
  const { lines, log } = recordingLog()
  const mail = createMail(readConfig({ NODE_ENV: 'test', SMTP_URL: smtp.url }), log, QUICK)
  mail.send(MESSAGE)
  await mail.close()
  t.equal(smtp.deliveries(), 1)
  t.match(lines, [{ level: 'error', event: 'mail.given_up', response: 550 }])
})

t.test('the log says why an email failed, without passwords, addresses and codes', async (t) => {
  const smtp = await smtpServer(t, () => ({
    code: 550,
    text: 'no mailbox <ann@example.com> here for 12345678'
  }))
  const { host } = new URL(smtp.url)
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  closed.close()
  for (const [url, expected] of [
    [smtp.url, { host, reason: /550 no mailbox <…> here for …/ }],
    [
      `smtp://mailer:s3cret%2Fword@127.0.0.1:${port}`,
      { host: `127.0.0.1:${port}`, code: /^E/, reason: /ECONNREFUSED/ }
    ],
    [`${smtp.url}?requireTLS=true`, { host, reason: /TLS/ }]
  ] as const) {
    const { lines, log } = recordingLog()
    const outcomes: string[] = []
    const config = readConfig({ NODE_ENV: 'test', SMTP_URL: url })
    const mail = createMail(config, log, [], (outcome) => outcomes.push(outcome))
    mail.send(MESSAGE)
    await mail.close()
    t.match(lines, [{ event: 'mail.given_up', ...expected }], JSON.stringify(lines))
    t.notMatch(JSON.stringify(lines), /mailer|s3cret|word|ann@|12345678/)
    t.strictSame(outcomes, ['failed'])
  }
})

t.test(
  'a mail server that is down delays no caller, and the email is given up after some retries',
  async (t) => {
    const nobody = createServer().listen(0, '127.0.0.1')
    await once(nobody, 'listening')
    const { port } = nobody.address() as AddressInfo
    nobody.close()
    const { lines, log } = recordingLog()
    const mail = createMail(
      readConfig({ NODE_ENV: 'test', SMTP_URL: `smtp://127.0.0.1:${port}` }),
      log,
      QUICK
    )
    mail.send(MESSAGE)
    t.strictSame(lines, [], 'send returns before the first attempt')
    await mail.close()
    t.match(
      lines.map((line) => line.event),
      ['mail.failed', 'mail.failed', 'mail.failed', 'mail.given_up']
    )
  }
)

t.test('no content of an email becomes a header, a second recipient or a file', async (t) => {
  const smtp = await smtpServer(t)
  const { lines, log } = recordingLog()
  const mail = createMail(readConfig({ NODE_ENV: 'test', SMTP_URL: smtp.url }), log, QUICK)
  for (const to of [
    'ann@example.com, eve@example.com',
    'ann@example.com\r\nBcc: eve@example.com',
    'Eve <eve@example.com>',
    '"a"@example.com',
    'ann'
  ]) {
    mail.send({ ...MESSAGE, to })
  }
  t.equal(lines.filter((line) => line.event === 'mail.rejected').length, 5)
  mail.send({ ...MESSAGE, subject: 'Hello\r\nBcc: eve@example.com' })
  const [received] = await smtp.arrived(1)
  await mail.close()
  t.strictSame(received?.to, ['ann@example.com'])
  t.notMatch(received?.headers, /^Bcc:/m)
  t.equal(smtp.received.length, 1)
})

t.test(
  'in development a limited number of emails is stored, newest first, and they are logged',
  async (t) => {
    const { lines, log } = recordingLog()
    const mail = createMail(readConfig({}), log)
    for (let i = 0; i < 150; i++) {
      mail.send({ ...MESSAGE, subject: `Email ${i}` })
    }
    await nextTick()
    t.equal(mail.sentMessages().length, 100)
    t.equal(mail.sentMessages()[0]?.subject, 'Email 149')
    t.match(lines[0], { event: 'mail.stored', text: MESSAGE.text })
    t.ok(mail.isEnabled)
  }
)

t.test('with EMAIL_ENABLED=off no email is sent or stored', async (t) => {
  const smtp = await smtpServer(t)
  const mail = createMail(
    readConfig({ ...PRODUCTION, EMAIL_ENABLED: 'off', SMTP_URL: smtp.url }),
    recordingLog().log
  )
  mail.send(MESSAGE)
  await mail.close()
  t.notOk(mail.isEnabled)
  t.strictSame([smtp.deliveries(), mail.sentMessages()], [0, []])
})

t.test('production requires an SMTP server, or EMAIL_ENABLED=off', async (t) => {
  const faultsOf = (env: Record<string, string>): string => {
    try {
      readConfig({ ...PRODUCTION, ...env })
      return ''
    } catch (error) {
      return (error as ConfigError).message
    }
  }
  t.match(faultsOf({}), /SMTP_URL is required in production/)
  t.equal(faultsOf({ EMAIL_ENABLED: 'off' }), '')
  t.equal(faultsOf({ SMTP_URL: 'smtps://user:password@mail.example.com' }), '')
  t.match(faultsOf({ SMTP_URL: 'http://mail.example.com' }), /SMTP_URL must look like/)
  t.match(
    faultsOf({ EMAIL_ENABLED: 'off', EMAIL_VERIFICATION: 'required' }),
    /EMAIL_VERIFICATION=required needs email/
  )
  for (const from of [
    'nobody',
    'A <a@b>, B <c@d>',
    'a@b, c@d',
    'a@b, c <d@e>',
    'A\r\nBcc: <a@b>',
    '"A" <a b@c>',
    'A <a@b'
  ]) {
    t.match(faultsOf({ EMAIL_ENABLED: 'off', EMAIL_FROM: from }), /EMAIL_FROM must be/)
  }
})

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { type ConfigError, readConfig } from '../../src/config.ts'
import { createMail, type EmailMessage } from '../../src/core/mail.ts'
import { smtpServer } from '../support/smtp.ts'

const LETTER: EmailMessage = {
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

function logbook() {
  const lines: { level: string; event?: string; tries?: number }[] = []
  const note = (level: string) => (fields: object) => {
    lines.push({ level, ...fields })
  }
  return { lines, log: { info: note('info'), warn: note('warn'), error: note('error') } }
}

t.test(
  'a letter is delivered by SMTP as text and as HTML, from the configured sender',
  async (t) => {
    const smtp = await smtpServer(t)
    const { lines, log } = logbook()
    const mail = createMail(
      readConfig({ ...PRODUCTION, SMTP_URL: smtp.url, EMAIL_FROM: 'Tasklane <tasks@example.com>' }),
      log,
      QUICK
    )
    mail.send(LETTER)
    const [letter] = await smtp.arrived(1)
    await mail.close()
    t.match(letter, {
      from: 'tasks@example.com',
      to: ['ann@example.com'],
      headers: /From: Tasklane <tasks@example.com>\r\n/,
      text: '    12345678',
      html: LETTER.html
    })
    t.match(letter?.headers, /Subject: Your code\r\n/)
    t.match(lines, [{ level: 'info', event: 'mail.sent', tries: 1 }])
    t.notMatch(JSON.stringify(lines), '12345678', 'in production the log is no second mailbox')
    t.notMatch(JSON.stringify(lines), 'ann@example.com')
    t.strictSame(mail.sentMessages(), [])
  }
)

t.test('a delivery that fails for the moment is tried again, a few times', async (t) => {
  for (const [failures, tries, end] of [
    [2, 3, 'mail.sent'],
    [9, 4, 'mail.given_up']
  ] as const) {
    const smtp = await smtpServer(t, (nth) =>
      nth <= failures ? { code: 451, text: 'try later' } : undefined
    )
    const { lines, log } = logbook()
    const mail = createMail(readConfig({ NODE_ENV: 'test', SMTP_URL: smtp.url }), log, QUICK)
    mail.send(LETTER)
    await mail.close()
    t.equal(smtp.deliveries(), tries)
    t.match(lines.at(-1), { event: end, tries })
    t.notMatch(JSON.stringify(lines), /12345678|ann@example\.com/)
  }
})

t.test('a refusal for good is not argued with', async (t) => {
  const smtp = await smtpServer(t, () => ({ code: 550, text: 'no such mailbox' }))
  const { lines, log } = logbook()
  const mail = createMail(readConfig({ NODE_ENV: 'test', SMTP_URL: smtp.url }), log, QUICK)
  mail.send(LETTER)
  await mail.close()
  t.equal(smtp.deliveries(), 1)
  t.match(lines, [{ level: 'error', event: 'mail.given_up', response: 550 }])
})

t.test('a mail server that is not there delays nobody and is given up in the end', async (t) => {
  const nobody = createServer().listen(0, '127.0.0.1')
  await once(nobody, 'listening')
  const { port } = nobody.address() as AddressInfo
  nobody.close()
  const { lines, log } = logbook()
  const mail = createMail(
    readConfig({ NODE_ENV: 'test', SMTP_URL: `smtp://127.0.0.1:${port}` }),
    log,
    QUICK
  )
  mail.send(LETTER)
  t.strictSame(lines, [], 'sending has returned before anything was tried')
  await mail.close()
  t.match(
    lines.map((line) => line.event),
    ['mail.failed', 'mail.failed', 'mail.failed', 'mail.given_up']
  )
})

t.test('nothing in a letter becomes a header, a second reader or a file', async (t) => {
  const smtp = await smtpServer(t)
  const { lines, log } = logbook()
  const mail = createMail(readConfig({ NODE_ENV: 'test', SMTP_URL: smtp.url }), log, QUICK)
  for (const to of [
    'ann@example.com, eve@example.com',
    'ann@example.com\r\nBcc: eve@example.com',
    'Eve <eve@example.com>',
    '"a"@example.com',
    'ann'
  ]) {
    mail.send({ ...LETTER, to })
  }
  t.equal(lines.filter((line) => line.event === 'mail.refused').length, 5)
  mail.send({ ...LETTER, subject: 'Hello\r\nBcc: eve@example.com' })
  const [letter] = await smtp.arrived(1)
  await mail.close()
  t.strictSame(letter?.to, ['ann@example.com'])
  t.notMatch(letter?.headers, /^Bcc:/m)
  t.equal(smtp.received.length, 1)
})

t.test(
  'while developing letters are kept and written to the log, the newest first and not without end',
  async (t) => {
    const { lines, log } = logbook()
    const mail = createMail(readConfig({}), log)
    for (let i = 0; i < 150; i++) {
      mail.send({ ...LETTER, subject: `Letter ${i}` })
    }
    await turn()
    t.equal(mail.sentMessages().length, 100)
    t.equal(mail.sentMessages()[0]?.subject, 'Letter 149')
    t.match(lines[0], { event: 'mail.kept', text: LETTER.text })
    t.ok(mail.isEnabled)
  }
)

t.test('with EMAIL_ENABLED=off no letter goes anywhere', async (t) => {
  const smtp = await smtpServer(t)
  const mail = createMail(
    readConfig({ ...PRODUCTION, EMAIL_ENABLED: 'off', SMTP_URL: smtp.url }),
    logbook().log
  )
  mail.send(LETTER)
  await mail.close()
  t.notOk(mail.isEnabled)
  t.strictSame([smtp.deliveries(), mail.sentMessages()], [0, []])
})

t.test('production says where letters go, or that there are none', async (t) => {
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
    /EMAIL_VERIFICATION=required needs a mailer/
  )
  for (const from of ['nobody', 'A <a@b>, B <c@d>', 'A\r\nBcc: <a@b>']) {
    t.match(faultsOf({ EMAIL_ENABLED: 'off', EMAIL_FROM: from }), /EMAIL_FROM must be/)
  }
})

import t from 'tap'
import { isEmail } from '../../src/lib/email.ts'

t.test('an email is one bare ASCII email with a dot in its domain', async (t) => {
  for (const text of [
    'ann@example.com',
    'Ann.Lee+tasks@mail.example.co.uk',
    "o'brien@example.org",
    '!#$%&*@a.b',
    `${'a'.repeat(64)}@example.com`,
    'a@1.2'
  ]) {
    t.ok(isEmail(text), text)
  }
  const none = [
    '',
    'ann',
    '@example.com',
    'ann@',
    'ann@localhost',
    'ann@example.',
    'ann@.com',
    'ann@-a.com',
    'ann@a-.com',
    'a b@example.com',
    '"a b"@example.com',
    'ann@exam ple.com',
    'Ann <ann@example.com>',
    'ann@example.com, eve@example.com',
    'ann@example.com\nbcc: eve@example.com',
    'ann@example.com\n',
    ' ann@example.com',
    'ann@[127.0.0.1]',
    '\u212aelvin@example.com',
    'ann@ex\u00e4mple.com',
    'ann@example.com\0',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(63)}`
  ]
  for (const text of none) {
    t.notOk(isEmail(text), JSON.stringify(text))
  }
})

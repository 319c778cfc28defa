import t from 'tap'
import { isEmail, normalizeEmail } from '../../src/lib/email.ts'

t.test(
  'an email is one bare email of ASCII, whose domain may be international or have no dot',
  async (t) => {
    for (const text of [
      'ann@example.com',
      'Ann.Lee+tasks@mail.example.co.uk',
      "o'brien@example.org",
      '!#$%&*@a.b',
      `${'a'.repeat(64)}@example.com`,
      'a@1.2',
      'ann@localhost',
      'ann@intranet',
      'ann@ex\u00e4mple.com',
      'ann@m\u00fcnchen'
    ]) {
      t.ok(isEmail(text), text)
    }
    const none = [
      '',
      'ann',
      '@example.com',
      'ann@',
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
      'k\u0131m@example.com',
      'j\u00f6rg@example.com',
      'ann@\u212aelvin.example',
      'ann@\uff45xample.com',
      'ann@example.com\0',
      'ann@ex\u00e4mple.com\0',
      'ann@ex\u00e4m ple.com',
      'ann@ex\u00e4mple..com',
      'ann@\uff11.\uff12',
      'ann@exam\u00adpl\u00e9.com',
      'ann@ex\u00e4mple.com/x',
      'ann@\u00e4:80',
      'ann@b@ex\u00e4mple.com',
      `${'a'.repeat(65)}@example.com`,
      `a@${'\u00e4'.repeat(70)}.com`,
      `a@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(63)}`
    ]
    for (const text of none) {
      t.notOk(isEmail(text), JSON.stringify(text))
    }
  }
)

t.test('every spelling of an email has one form', async (t) => {
  for (const text of [
    'Ann@b\u00fccher.example',
    'ann@B\u00dcCHER.example',
    'ann@bu\u0308cher.example',
    'ann@b\u00fccher\u3002example',
    'ann@xn--bcher-kva.example',
    'ANN@XN--BCHER-KVA.EXAMPLE'
  ]) {
    t.equal(normalizeEmail(text), 'ann@xn--bcher-kva.example', text)
  }
  t.equal(normalizeEmail('Ann@LocalHost'), 'ann@localhost')
})

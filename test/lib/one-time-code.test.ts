import t from 'tap'
import { CODE_PATTERN, normalizeCode } from '../../src/lib/one-time-code.ts'

const isCode = (text: string) => new RegExp(CODE_PATTERN, 'u').test(text)

t.test(
  'a code has eight digits, in whatever groups and with the marks of a copied text',
  async (t) => {
    for (const typed of [
      '12345678',
      '1234 5678',
      ' 1234-5678 ',
      '\t12 34 56 78\r\n',
      '    12345678',
      '1234\u00a05678',
      '1234\u202f5678',
      '1234\u30005678',
      '12.34.56.78',
      '1234\u00b75678',
      '1234\u20105678',
      '1234\u20115678',
      '1234 \u2013 5678',
      '1234\u20145678',
      '1234\u22125678',
      '1 2 3 4 5 6 7 8',
      '\u200e1234\u200b5678\u200f',
      '\ufeff12345678',
      '\u202a12345678\u202c',
      '\u202d1234 5678\u202c',
      '\u20661234\u20695678',
      '1234\u00ad5678',
      '12\u200c34\u200d5678',
      '\uff11\uff12\uff13\uff14\u30fc\uff15\uff16\uff17\uff18',
      '\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18',
      '\uff11\uff12\uff13\uff14\uff0d\uff15\uff16\uff17\uff18',
      '\u0661\u0662\u0663\u0664 \u0665\u0666\u0667\u0668',
      '\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7\u06f8'
    ]) {
      t.ok(isCode(typed), JSON.stringify(typed))
      t.equal(normalizeCode(typed), '12345678', JSON.stringify(typed))
    }
  }
)

t.test('anything else is no code', async (t) => {
  for (const typed of [
    '',
    '1234567',
    '123456789',
    '1234 567',
    '1234 5678 9',
    'l2345678',
    'code 12345678',
    '1234_5678',
    '1234,5678',
    '1234/5678',
    '0x123456',
    '-'.repeat(8),
    '\u00b2\u00b2\u00b2\u00b2\u00b2\u00b2\u00b2\u00b2',
    '12345678\0'
  ]) {
    t.notOk(isCode(typed), JSON.stringify(typed))
  }
})

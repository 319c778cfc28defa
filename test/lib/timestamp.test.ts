import t from 'tap'
import { isTimestamp, normalizeTimestamp, timestampFromDatabase } from '../../src/lib/timestamp.ts'

t.test('a timestamp is a valid RFC 3339 date-time with a zone', async (t) => {
  const same: [text: string, canonical: string][] = [
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02t03:04:05z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05.6Z', '2026-01-02T03:04:05.600Z'],
    ['2026-01-02T03:04:05.678+01:00', '2026-01-02T02:04:05.678Z'],
    ['2026-01-02T03:04Z', '2026-01-02T03:04:00.000Z'],
    ['2026-01-02T03:04+01:00', '2026-01-02T02:04:00.000Z'],
    ['2026-01-02T03:04:05-12:30', '2026-01-02T15:34:05.000Z'],
    ['2026-01-01T00:00:00+14:00', '2025-12-31T10:00:00.000Z'],
    ['2026-01-02T03:04:05+00:00', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05-00:00', '2026-01-02T03:04:05.000Z'],
    ['2026-12-31T23:59:59.999+23:59', '2026-12-31T00:00:59.999Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z']
  ]
  for (const [text, canonical] of same) {
    t.ok(isTimestamp(text), text)
    t.equal(normalizeTimestamp(text), canonical)
  }
})

t.test('fractions finer than a millisecond are cut, never rounded up', async (t) => {
  for (const [text, canonical] of [
    ['2026-01-01T00:00:00.1239Z', '2026-01-01T00:00:00.123Z'],
    ['2026-12-31T23:59:59.999999999Z', '2026-12-31T23:59:59.999Z'],
    ['2026-01-01T00:00:00.0009Z', '2026-01-01T00:00:00.000Z']
  ] as const) {
    t.ok(isTimestamp(text))
    t.equal(normalizeTimestamp(text), canonical)
  }
  t.notOk(isTimestamp('2026-01-01T00:00:00.0000000001Z'), 'ten digits')
})

t.test('February has 29 days in leap years only', async (t) => {
  for (const year of ['2024', '2000', '0004', '1600', '9996']) {
    t.ok(isTimestamp(`${year}-02-29T00:00:00Z`), year)
  }
  for (const year of ['2026', '1900', '2100', '0001', '0100', '9999']) {
    t.notOk(isTimestamp(`${year}-02-29T00:00:00Z`), year)
  }
  for (const day of [
    '2026-02-30',
    '2024-02-30',
    '2026-04-31',
    '2026-06-31',
    '2026-11-31',
    '2026-01-32',
    '2026-01-00',
    '2026-00-01',
    '2026-13-01'
  ]) {
    t.notOk(isTimestamp(`${day}T00:00:00Z`), day)
  }
  for (const day of ['2026-01-31', '2026-04-30', '2026-12-31']) {
    t.ok(isTimestamp(`${day}T00:00:00Z`), day)
  }
})

t.test('timestamps range from the year 1 to the year 9999 in UTC', async (t) => {
  for (const text of [
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
    '0001-01-01T01:00:00+01:00',
    '9999-12-31T22:59:59-01:00',
    '0099-06-01T00:00:00Z'
  ]) {
    t.ok(isTimestamp(text), text)
  }
  for (const text of [
    '0000-12-31T23:59:59Z',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '10000-01-01T00:00:00Z',
    '-001-01-01T00:00:00Z',
    '+2026-01-01T00:00:00Z'
  ]) {
    t.notOk(isTimestamp(text), text)
  }
  t.equal(normalizeTimestamp('0001-01-01T01:00:00+01:00'), '0001-01-01T00:00:00.000Z')
  t.equal(normalizeTimestamp('0099-06-01T00:00:00Z'), '0099-06-01T00:00:00.000Z', 'not 1999')
})

t.test('an invalid date-time is not a timestamp', async (t) => {
  const none = [
    '',
    'tomorrow',
    '2026-01-02',
    '2026-01-02T03:04:05',
    '2026-01-02 03:04:05Z',
    '2026-01-02T03:04',
    '2026-01-02T03Z',
    '2026-01-02T03:04.5Z',
    '2026-01-02T24:00:00Z',
    '2026-01-02T23:60:00Z',
    '2026-01-02T23:59:60Z',
    '2026-1-2T03:04:05Z',
    '2026-01-02T03:04:05.Z',
    '2026-01-02T03:04:05,5Z',
    '2026-01-02T03:04:05+0100',
    '2026-01-02T03:04:05+01',
    '2026-01-02T03:04:05+24:00',
    '2026-01-02T03:04:05+01:60',
    '2026-01-02T03:04:05Z ',
    ' 2026-01-02T03:04:05Z',
    '2026-01-02T03:04:05Z\n',
    '20260102T030405Z',
    'infinity',
    '-infinity',
    'now',
    'Fri, 02 Jan 2026 03:04:05 GMT',
    '1767323045',
    '2026-W01-5T03:04:05Z',
    '\u0662\u0660\u0662\u0666-01-02T03:04:05Z'
  ]
  for (const text of none) {
    t.notOk(isTimestamp(text), JSON.stringify(text))
  }
})

t.test("PostgreSQL's own format is parsed exactly", async (t) => {
  for (const [text, canonical] of [
    ['2026-01-02 03:04:05+00', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02 03:04:05.6+00', '2026-01-02T03:04:05.600Z'],
    ['2026-01-02 03:04:05.678+00', '2026-01-02T03:04:05.678Z'],
    ['0001-01-01 00:00:00+00', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31 23:59:59.999+00', '9999-12-31T23:59:59.999Z']
  ] as const) {
    t.equal(timestampFromDatabase(text), canonical)
  }
})

import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import t from 'tap'
import { toTsquery } from '../../../src/lib/search-query.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db } = await createTestApp(t)

const found = async (who: Person, q: string): Promise<string[]> => {
  const response = await who.get(`/api/v1/tasks?limit=100&q=${encodeURIComponent(q)}`)
  return response
    .json()
    .data.map((task: { title: string }) => task.title)
    .sort()
}

async function withTasks(...titles: string[]): Promise<Person> {
  const ann = await signUp()
  for (const title of titles) {
    await ann.create({ title })
  }
  return ann
}

async function check(t: Tap, who: Person, cases: [q: string, expected: string[]][]) {
  for (const [q, expected] of cases) {
    t.strictSame(await found(who, q), [...expected].sort(), q)
  }
}
type Tap = import('tap').Test

t.test('what is excluded or quoted is meant as it stands', async (t) => {
  const [car, carpet, bank] = ['Paint the car', 'Paint the carpet', 'Call the bank']
  const other = 'Call about a bank of the river'
  const ann = await withTasks(car, carpet, bank, other)
  await check(t, ann, [
    ['paint -car', [carpet]],
    ['-car paint', [carpet]],
    ['paint -carp', [car, carpet]],
    ['"paint the car"', [car]],
    ['paint the car', [car, carpet]],
    ['-car pai', [carpet]],
    ['call -"the bank"', [other]],
    ['-"the bank"', [car, carpet, other]],
    ['-“the bank” call', [other]],
    ['-car -carpet', [bank, other]],
    ['"the bank', [bank, other]],
    ['“the bank”', [bank]]
  ])
})

t.test(
  'a word that begins like a number with an exponent is found, whole and by its beginning',
  async (t) => {
    const [hash, other] = ['Revert 2e5abc1', 'Order 2e5 abc']
    const ann = await withTasks(hash, other, 'Revert 2e7abc1')
    await check(t, ann, [
      ['2e5abc1', [hash]],
      ['2e5ab', [hash, other]],
      ['2E5ABC1', [hash]]
    ])
  }
)

t.test('or between two terms is an alternative, and a word anywhere else', async (t) => {
  const [a, b, c] = ['Buy apples', 'Pick pears today', 'Orange or lemon']
  const ann = await withTasks(a, b, c)
  await check(t, ann, [
    ['apples or pears', [a, b]],
    ['apples OR "pears today"', [a, b]],
    ['apples or', []],
    ['lemon or', [c]],
    ['or', [c]],
    ['or lemon', [c]],
    ['"or"', [c]],
    ['apples or or lemon', [a, c]],
    ['buy apples or pick pears', [a, b]],
    ['nothing or -apples', [b, c]]
  ])
})

t.test('a line of hyphens and a doubled one are ordinary text', async (t) => {
  const [todo, force] = ['TODO list', 'Push with --force']
  const ann = await withTasks(todo, force)
  await check(t, ann, [
    [`${'-'.repeat(40)} TODO`, [todo]],
    [`${'-'.repeat(150)}TODO`, [todo]],
    ['--force', [force]],
    ['- list', [todo]],
    ['list -', [todo]]
  ])
})

t.test('a text without any word finds nothing, and one beside words does not matter', async (t) => {
  const ann = await withTasks('abc 100')
  await check(t, ann, [
    ['-', []],
    ['""', []],
    ['-%', []],
    ['-"!"', []],
    ['abc & !', ['abc 100']],
    ['abc -""', ['abc 100']]
  ])
})

t.test(
  'no text of up to 59 characters is an error in a list, in statistics or in an export',
  async (t) => {
    const ann = await withTasks('abc 100')
    const piece = fc.oneof(
      fc.constantFrom(...'-"\'\\:*&|!()<>@#%_/.,;~^$ \t'),
      fc.constantFrom(
        ' or ',
        ' -"',
        '" ',
        '-a',
        'b-c',
        "d'e",
        '2020-01-01',
        '🎉',
        'ﷺ',
        '日本',
        '\u0301',
        'İ'
      ),
      fc.string({ unit: 'binary', maxLength: 3 })
    )
    const texts = fc
      .array(piece, { minLength: 1, maxLength: 40 })
      .map((pieces) =>
        [...pieces.join('').replaceAll('\0', '').toWellFormed()].slice(0, 59).join('')
      )
      .filter((text) => text !== '')
    const queries = fc.sample(texts, 1000).map(toTsquery)
    await db.execute(
      sql`SELECT count(query::tsquery) FROM jsonb_array_elements_text(${JSON.stringify(queries)}::jsonb) query`
    )
    for (const q of [
      '-"the bank"',
      '-e-mail',
      "-don't",
      '-2020-01-01',
      '-a_b',
      '-'.repeat(59),
      'ﷺ'.repeat(59)
    ]) {
      for (const path of ['tasks', 'task-stats', 'task-exports/csv']) {
        const response = await ann.get(`/api/v1/${path}?q=${encodeURIComponent(q)}`)
        t.equal(response.statusCode, 200, `${path} ${q}`)
      }
    }
  }
)

t.test('more words than a search takes are 400 and the limit is named', async (t) => {
  const ann = await withTasks('abc')
  const words = (count: number) => Array.from({ length: count }, (_, i) => `word${i}`).join(' ')
  t.equal((await ann.get(`/api/v1/tasks?q=${words(16)}`)).statusCode, 200)
  for (const path of ['tasks', 'task-stats', 'task-exports/csv']) {
    t.match((await ann.get(`/api/v1/${path}?q=${words(17)}`)).json(), {
      status: 400,
      code: 'invalid_request',
      errors: [{ in: 'query', pointer: '/q', detail: /16 words/ }]
    })
  }
  const short = Array.from({ length: 29 }, () => 'a').join(' ')
  t.equal((await ann.get(`/api/v1/tasks?q=${encodeURIComponent(short)}`)).statusCode, 200)
})

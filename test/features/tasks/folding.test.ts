import { isDeepStrictEqual } from 'node:util'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Db } from '../../../src/db/client.ts'
import { foldedLetters, foldedText } from '../../../src/db/fold.sql.ts'
import { executeRows } from '../../../src/db/rows.ts'
import { foldedWords, foldLetters } from '../../../src/lib/fold.ts'
import { createTestDatabase, createTestDatabaseOf, serverUrl } from '../../support/database.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

type App = Awaited<ReturnType<typeof createTestApp>>

const titlesOf = (response: { json(): { data: { title: string }[] } }): string[] =>
  response.json().data.map(({ title }) => title)
const found = async (who: Person, q: string): Promise<string[]> =>
  titlesOf(await who.get(`/api/v1/tasks?limit=100&q=${encodeURIComponent(q)}`)).sort()

const THAI = 'เด็กๆ ไปกรุงเทพฯ'
/** What each search finds, on every locale. */
const SEARCHES: [title: string, searches: string[]][] = [
  ['Alpha/Beta Gamma', ['Beta', 'alpha', 'Alpha/Be', '"alpha beta"']],
  ['Order 1234-4332', ['4332', '1234-43', '1234']],
  ['Write E-mail', ['e-m', 'e-mail', 'mail', 'email or e-mail']],
  ['Ask user@example.com', ['user@exam', 'example', 'user@example.com']],
  ['Fix <b>bold</b> snake_case', ['bold', '<b>bo', 'case', 'snake_ca', 'snake_case']],
  ['Open report.final.pdf', ['final', 'report.fi', 'pdf']],
  ["Don't (panic)", ["don't", 'don’t', 'panic', '(pan']],
  ['Visit the École', ['école', 'ECOLE', 'ecole', 'e\u0301cole', 'ÉCO']],
  ['Walk the Straße', ['strasse', 'straße', 'STRASSE', 'STRAẞE', 'stras']],
  ['Łódź Ærø Øresund', ['lodz', 'aero', 'ŁÓDŹ', 'oresund']],
  ['Re\u0301sume\u0301 again', ['résumé', 'resume']],
  ['IRIS INBOX', ['iris', 'Inbox', 'ıris', 'İRİS']],
  ['ТЕСТ Ёлка', ['тест', 'Тест', 'елка', 'ёл']],
  ['ΟΔΟΣ Σωκράτους', ['οδος', 'οδός', 'σωκρατ']],
  ['Քննարկում ՀԱՅ', ['քննարկում', 'հայ']],
  ['明日は東京に行く', ['東京', '明日', '東', '"東京に"', '行く']],
  ['ラーメンとｶﾞｽ', ['ラーメン', 'ガス', 'ラー']],
  ['ไปซื้อน้ำที่ตลาด', ['ซื้อ', 'น้ำ', 'ตลาด']],
  [THAI, ['เด็กๆ', 'เด็ก', 'กรุงเทพฯ', 'กรุงเทพ', THAI]],
  ['葛\u{e0100}城市', ['葛城', '葛\u{e0100}城']],
  ['Ὁ Ἥλιος', ['ὁ ήλιος', 'ήλιος', 'Ὁ ΉΛ']],
  ['ᲗᲑᲘᲚᲘᲡᲘ ᎣᏏᏲ', ['თბილისი', 'ᲗᲑᲘᲚ', 'ꭳꮟᏺ']],
  ['Step ⓫ of ፩ and 1️⃣', ['step ⓫ of', '⓫ of ፩ and', 'and 1️⃣']],
  ['မြန်မာ။ one', ['မြန်မာ', 'မြန်မာ။']],
  ['ܫܠܡܐ܀ ཀ་ཁ', ['ܫܠܡܐ܀', 'ཀ་ཁ', 'ཁ']],
  ['Hindi हिन्दी पाठ', ['हिन्दी', 'पा']],
  ['שָׁלוֹם עולם', ['שלום']],
  ['한국어 공부', ['한국', '공부']],
  ['ＦＵＬＬ ｗｉｄｔｈ ﬁre', ['full', 'width', 'fire']]
]

/** Decomposed since Unicode 15 or 16 only, which not every server knows. */
const YOUNG =
  /[\u{105c9}\u{105e4}\u{11383}-\u{113c8}\u{16121}-\u{16128}\u{16d68}-\u{16d6a}\u{1ccd6}-\u{1ccf9}\u{1e030}-\u{1e06d}]/u
/** Every character of the first scripts between letters, and each 13th of the others. */
const CHARACTERS = Array.from({ length: 0x1ffff }, (_, i) => i + 1)
  .filter((code) => code < 0x3400 || code % 13 === 0)
  .map((code) => String.fromCodePoint(code))
  .filter((one) => /[^\P{Assigned}\p{Cs}\p{Co}]/u.test(one) && !YOUNG.test(one))
  .map((one) => `ab${one}cd`)

/** Compares texts as the server and the database fold them, letters and words. */
async function checkFolding(t: Test, db: Db, texts: string[]): Promise<void> {
  const text = sql`(text #>> '{}')`
  for (let at = 0; at < texts.length; at += BLOCK) {
    const block = texts.slice(at, at + BLOCK)
    const rows = await executeRows<{ folded: string; words: string[] }>(
      db,
      sql`
      SELECT
        ${foldedLetters(text)} AS folded,
        to_jsonb(array(
          SELECT lexeme
          FROM unnest(to_tsvector('simple', ${foldedText(text)})), unnest(positions) position
          ORDER BY position
        )) AS words
      FROM jsonb_array_elements(${JSON.stringify(block)}::jsonb) WITH ORDINALITY listed (text, n)
      ORDER BY n`
    )
    t.equal(rows.length, block.length)
    const differing = block.flatMap((one, i) => {
      const here = { folded: foldLetters(one), words: foldedWords(one) }
      return isDeepStrictEqual(here, rows[i]) ? [] : [{ text: one, here, there: rows[i] }]
    })
    t.strictSame(differing.slice(0, 10), [], 'the first texts that differ')
  }
}
const BLOCK = 5000

async function checkLocale(t: Test, { signUp, request, db }: App): Promise<void> {
  const ann = await signUp('user', 'IRIS')
  for (const [title] of SEARCHES) {
    await ann.create({ title })
  }
  for (const [title, searches] of SEARCHES) {
    for (const q of searches) {
      t.strictSame(await found(ann, q), [title], q)
    }
  }
  t.strictSame(await found(ann, 'write -mail'), [])
  t.strictSame(await found(ann, 'write -mai'), ['Write E-mail'])
  t.strictSame(await found(ann, '-東京 行く'), [])

  const bob = await signUp()
  for (const title of ['Zoo', 'ÉCOLE b', 'école a', 'ТЕСТ б', 'тест а', 'Ink', 'ice']) {
    await bob.create({ title })
  }
  t.strictSame(titlesOf(await bob.get('/api/v1/tasks?sort=title_asc')), [
    'école a',
    'ÉCOLE b',
    'ice',
    'Ink',
    'Zoo',
    'тест а',
    'ТЕСТ б'
  ])

  for (const username of ['IRIS', 'iris', 'Iris']) {
    const login = await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username, password: PASSWORD }
    })
    t.equal(login.statusCode, 200, `log in as ${username}`)
  }
  const taken = await request({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: { username: 'iris', password: PASSWORD }
  })
  t.equal(taken.statusCode, 409, 'the name is taken whatever its case')
  const boss = await signUp('admin', 'boss', { name: 'ÉMILE Ilk' })
  for (const q of ['iris', 'emile i', 'émile']) {
    const { data } = (await boss.get(`/api/v1/admin/users?q=${encodeURIComponent(q)}`)).json()
    t.equal(data.length, 1, `the admin finds ${q}`)
  }
  await checkFolding(t, db, CHARACTERS)
}

t.test('texts are found, sorted and unique whatever their case and accents', async (t) => {
  await checkLocale(t, await createTestApp(t))
})

const LOCALES = {
  C: "lc_collate 'C' lc_ctype 'C'",
  'C.UTF-8': "lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'",
  'en_US.UTF-8': "lc_collate 'en_US.UTF-8' lc_ctype 'en_US.UTF-8'",
  'de_DE.UTF-8': "lc_collate 'de_DE.UTF-8' lc_ctype 'de_DE.UTF-8'",
  'tr_TR.UTF-8': "lc_collate 'tr_TR.UTF-8' lc_ctype 'tr_TR.UTF-8'",
  'tr of ICU': "locale_provider icu icu_locale 'tr' lc_collate 'C' lc_ctype 'C'"
}
for (const [locale, options] of Object.entries(LOCALES)) {
  t.test(
    `texts are found, sorted and unique in the same way on a database of the locale ${locale}`,
    { skip: serverUrl === undefined && 'needs a PostgreSQL server: set TEST_DATABASE_URL' },
    async (t) => {
      const database = await createTestDatabaseOf(serverUrl as string, options).catch(
        (error: Error) => error
      )
      if (database instanceof Error) {
        t.match(database.message, /invalid locale name/)
        t.comment(`the server has no locale ${locale}`)
        return
      }
      await checkLocale(t, await createTestApp(t, { database }))
    }
  )
}

t.test(
  'the server and the database fold a text to the same letters and the same words',
  async (t) => {
    const database = await createTestDatabase()
    t.teardown(database.close)
    // A mark follows a letter of its script: one that stands alone is a word or none, as the locale has it.
    const letters = fc.constantFrom(
      ...'aZ09éÉßẞıİÆøŁŊΣςΆЙёЂҚӘԱև日本語ガーｶ々〇',
      ...'ไทยฟشلشש한ㄱहनदﬁ²½ªµ\u00ad\u200d\u200b',
      ...['2e5', '1e1', 'e\u0301', 'น้ำ', 'กี่', 'हि'],
      ...['न्दी', 'ｶﾞ', 'ﾊﾟ', 'שָׁ', 'لُ']
    )
    const marks = fc.constantFrom(...' -_/.,\'’"<>&@#!?+()·、。…—€☃🎉\t\n')
    const anyLetter = fc
      .integer({ min: 0x20, max: 0x17f })
      .map((code) => String.fromCodePoint(code))
    const unit = fc.oneof(
      { weight: 5, arbitrary: letters },
      { weight: 2, arbitrary: marks },
      anyLetter
    )
    const texts = fc.sample(fc.string({ unit, maxLength: 30 }), 2000)
    await checkFolding(t, database.db, texts)
  }
)

t.test(
  'the longest title and description can be stored, whatever they become when folded',
  async (t) => {
    const { signUp } = await createTestApp(t)
    const ann = await signUp()
    for (const letter of ['ﷺ', '日', '🎉', 'ẞ', '㌀', 'Ж']) {
      const title = letter.repeat(200)
      await ann.create({ title, description: letter.repeat(10_000) })
    }
    const varied = Array.from({ length: 10_000 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join(
      ''
    )
    await ann.create({ title: 'varied', description: varied })
    t.strictSame(await found(ann, varied.slice(9000, 9020)), ['varied'])
    t.equal(titlesOf(await ann.get('/api/v1/tasks?sort=title_desc')).length, 7)
  }
)

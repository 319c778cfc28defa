import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { migrate } from '../../src/db/migrate.ts'
import { executeRows } from '../../src/db/rows.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { RELEASED } from '../support/migrations.ts'
import { createTestApp } from '../support/test-app.ts'

const MIGRATION = '0028_word_characters'

/** The migrations before the one that says what a word is, and that one where it is wanted. */
function migrationsUntil({ isIncluded }: { isIncluded: boolean }): string {
  const folder = mkdtempSync(join(tmpdir(), 'tasklane-before-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(RELEASED, folder, { recursive: true })
  const file = join(folder, 'meta', '_journal.json')
  const journal = JSON.parse(readFileSync(file, 'utf8'))
  const until = journal.entries.findIndex(({ tag }: { tag: string }) => tag === MIGRATION)
  const entries = journal.entries.slice(0, isIncluded ? until + 1 : until)
  writeFileSync(file, JSON.stringify({ ...journal, entries }))
  return folder
}

t.test('tasks of before are found and sorted by what a word is now', async (t) => {
  const database = await createEmptyDatabase()
  await migrate(database.db, { folder: migrationsUntil({ isIncluded: false }) })
  const { signUp } = await createTestApp(t, { database })
  const ann = await signUp()
  const thai = 'เด็กๆ ไปกรุงเทพฯ'
  const titles = [thai, 'Step ⓫ of ፩', 'ᲗᲑᲘᲚᲘᲡᲘ 2', 'თბილისი 1', 'plain', 'École']
  const before = []
  for (const title of titles) {
    before.push(await ann.create({ title }))
  }
  const versions = () =>
    executeRows<{ id: string; row: string }>(
      database.db,
      sql`SELECT id, xmin::text AS row FROM tasks WHERE title IN ('plain', 'École') ORDER BY id`
    )
  const untouched = await versions()

  await migrate(database.db, { folder: migrationsUntil({ isIncluded: true }) })
  t.strictSame(await versions(), untouched, 'nothing is written in vain')

  await migrate(database.db)
  for (const [q, found] of [
    ['กรุงเทพฯ', [titles[0]]],
    ['step ⓫ of', [titles[1]]],
    ['თბილისი', [titles[3], titles[2]]]
  ] as const) {
    const { data } = (
      await ann.get(`/api/v1/tasks?sort=title_asc&q=${encodeURIComponent(q)}`)
    ).json()
    t.strictSame(
      data.map(({ title }: { title: string }) => title),
      found,
      q
    )
  }
  for (const task of before) {
    t.strictSame((await ann.read(task)).json(), task, 'a task is as it was')
  }
})

import { chmodSync, existsSync, globSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { openDatabase } from '../../src/db/client.ts'
import { createTemplate } from '../../src/db/embedded/create-template.ts'
import { ensureDatabase } from '../../src/db/embedded/template.ts'
import { executeRows } from '../../src/db/rows.ts'

const folder = t.testdir()
const modeOf = (path: string) => statSync(path).mode & 0o777

t.test(
  'only the owner can read the data directory, since the database leaves its files open to everyone',
  async (t) => {
    const dataDir = join(folder, 'closed')
    const database = await openDatabase({ dataDir, pool: 2 })
    t.teardown(() => database.close())
    t.equal(modeOf(dataDir), 0o700)
  }
)

t.test('a data directory that was open to others is closed at the start', async (t) => {
  const dataDir = join(folder, 'open')
  mkdirSync(dataDir)
  chmodSync(dataDir, 0o755)
  await (await openDatabase({ dataDir, pool: 2 })).close()
  t.equal(modeOf(dataDir), 0o700)
})

t.test('a directory that all users share is refused and left as it is', async (t) => {
  const dataDir = join(folder, 'shared')
  mkdirSync(dataDir)
  chmodSync(dataDir, 0o1777)
  await t.rejects(openDatabase({ dataDir, pool: 2 }), {
    name: 'SharedDirectoryError',
    message: dataDir
  })
  t.equal(statSync(dataDir).mode & 0o7777, 0o1777)
})

t.test('a first start that is killed midway leaves nothing that the next one uses', async (t) => {
  const dataDir = join(folder, 'killed')
  mkdirSync(join(dataDir, 'database.draft', 'base'), { recursive: true })
  writeFileSync(join(dataDir, 'database.draft', 'PG_VERSION'), '18\n')
  const database = await openDatabase({ dataDir, pool: 2 })
  t.teardown(() => database.close())
  t.strictSame(await executeRows(database.db, sql`select 1 as one`), [{ one: 1 }])
  t.strictSame(globSync('database*', { cwd: dataDir }), ['database'])
})

t.test(
  'an empty database is created once, is writable for its owner only, and is copied from then on',
  async (t) => {
    const kept = join(folder, 'kept')
    await createTemplate(kept)
    t.strictSame(
      globSync('**', { cwd: kept }).filter((file) => modeOf(join(kept, file)) & 0o022),
      []
    )
    const before = statSync(kept).mtimeMs
    await createTemplate(kept)
    t.equal(statSync(kept).mtimeMs, before)

    writeFileSync(join(kept, 'mark'), '')
    await ensureDatabase(join(folder, 'copy'), kept)
    t.ok(existsSync(join(folder, 'copy', 'mark')), 'the copy is one of the kept database')
    await ensureDatabase(join(folder, 'copy'), join(folder, 'absent'))
    t.ok(existsSync(join(folder, 'copy', 'mark')), 'a database that is there is left alone')
  }
)

import { globSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { is } from 'drizzle-orm'
import { getTableConfig, PgArray, type PgTable, PgTable as Table } from 'drizzle-orm/pg-core'
import t from 'tap'
import { DISTRIBUTED, ON_COORDINATOR } from '../../src/db/tables/places.ts'

const FOLDER = fileURLToPath(new URL('../../src/db/tables/', import.meta.url))
const modules = await Promise.all(
  globSync(`${FOLDER}*.ts`).map((file) => import(pathToFileURL(file).href))
)
const tables = modules
  .flatMap((module) => Object.values(module))
  .filter((value): value is PgTable => is(value, Table))
  .map(getTableConfig)

t.test('each table has one place in a distributed database', async (t) => {
  const distributed = Object.keys(DISTRIBUTED)
  t.strictSame([...distributed, ...ON_COORDINATOR].sort(), tables.map(({ name }) => name).sort())
})

t.test(
  'keys of distributed tables start with the owner, and refer to tables of the owner',
  async (t) => {
    for (const { name, columns, primaryKeys, indexes, foreignKeys } of tables) {
      const owner = DISTRIBUTED[name]
      if (owner === undefined) {
        continue
      }
      const firsts = [
        ...primaryKeys.map((key) => key.columns[0]?.name),
        ...columns.filter(({ primary }) => primary).map((column) => column.name),
        ...indexes
          .filter(({ config }) => config.unique)
          .map(({ config }) => (config.columns[0] as { name?: string }).name)
      ]
      t.ok(firsts.length > 0, name)
      t.strictSame(new Set(firsts), new Set([owner]), name)
      for (const key of foreignKeys.map((it) => it.reference())) {
        const target = getTableConfig(key.foreignTable).name
        if (name !== 'owners') {
          t.ok(Object.hasOwn(DISTRIBUTED, target), `${name} refers to ${target}`)
          t.equal(key.columns[0]?.name, owner)
          t.equal(key.foreignColumns[0]?.name, DISTRIBUTED[target])
        }
      }
    }
  }
)

t.test('what stays on the coordinator refers to no distributed table', async (t) => {
  for (const { name, foreignKeys } of tables.filter((it) => ON_COORDINATOR.includes(it.name))) {
    for (const key of foreignKeys.map((it) => it.reference())) {
      t.notOk(
        Object.hasOwn(DISTRIBUTED, getTableConfig(key.foreignTable).name),
        `${name} refers to another table of the coordinator`
      )
    }
  }
})

t.test('no array of texts is read by Drizzle, which loses their backslashes', async (t) => {
  const arrays = tables.flatMap(({ columns }) =>
    columns.filter((column) => column.getSQLType() === 'text[]')
  )
  t.ok(arrays.length > 0)
  t.strictSame(
    arrays.filter((column) => is(column, PgArray)).map(({ name }) => name),
    []
  )
})

import { and, asc, desc, getTableColumns, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { unionAll } from 'drizzle-orm/pg-core'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { taskPosition, taskSortKeys, tasks } from '../../db/tables/tasks.ts'
import type { Branch } from './access.sql.ts'
import { taskColumns } from './columns.sql.ts'
import type { Condition } from './filter.sql.ts'
import type { TaskSort } from './list.schema.ts'
import type { Task } from './schema.ts'

/** How many rows a head scan reads of one list: enough to find a page of a word that is in one of twenty tasks. */
export const HEAD_SCAN_ROWS = 500

type SortColumn = keyof ReturnType<typeof taskSortKeys> | 'position'
const SORT_TYPES: Record<SortColumn, string> = {
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
  due_date: 'timestamptz',
  priority: 'task_priority',
  title: 'text',
  position: 'text'
}
const sortKeys = { ...taskSortKeys(tasks), position: taskPosition(tasks) }

interface SortKey {
  key: SQL
  type: SQL
  isNullable: boolean
  isAscending: boolean
}
function sortKeyOf(sort: TaskSort): SortKey {
  const column = sort.replace(/_(asc|desc)$/, '') as SortColumn
  return {
    key: sql`${sortKeys[column]}`,
    type: sql.raw(SORT_TYPES[column]),
    isNullable: column === 'due_date',
    isAscending: sort.endsWith('_asc')
  }
}

/** Tells whether rows may have no key of a sort. */
export const mayLackKey = (sort: TaskSort): boolean => sortKeyOf(sort).isNullable

/** Where the previous page ended: nowhere, at a row with a sort key, or among the rows without one, which come last. */
export type After = 'start' | 'key' | 'null'

/** Everything about a list that decides its statement. */
export interface ListStatement {
  sort: TaskSort
  branches: Branch[]
  conditions: Condition[]
  after: After
}
export type Row = Task & { sort_key: string | null }

/**
 * Prepares the statement of a page: for each branch a range of an index that is already in order, no longer than the
 * page, and the ranges are merged. An `OR` over the branches would have to sort them all.
 */
export function prepareRows(db: Db, list: ListStatement, name: string | undefined) {
  const conditions = list.conditions.map(({ where }) => where())
  const names = list.conditions.map((condition) => condition.name)
  const limit = sql.placeholder('limit')
  return prepared(rowsInOrder(db, list, { columns: taskColumns, conditions, limit, names }), name)
}

/**
 * Prepares the same page, looked for among the first `scanned` rows in order, whatever they are. Its plan fits any
 * value, and suffices for owners with few tasks and for frequent words; the index on words reads all owners' tasks.
 * When the last row has a `rank` beyond `scanned`, the scan has not seen enough.
 */
export function prepareHeadScan(
  db: Db,
  list: ListStatement,
  name: string | undefined,
  scanned = HEAD_SCAN_ROWS
) {
  // Of hundreds of rows as they are stored; what is computed for callers, only of those that match.
  const columns = getTableColumns(tasks)
  const sort_key = sql<string | null>`sort_key`.as('sort_key')
  const head = rowsInOrder(db, list, { columns, conditions: [], limit: scanned + 1, names: [] })
  const order = sql.join(orderBy(list.sort), sql`, `)
  const numbered = db
    .select({
      ...columns,
      sort_key,
      rank: sql<number>`row_number() OVER (ORDER BY ${order})::int`.as('rank')
    })
    .from(head.as('tasks'))
    .as('tasks')
  const lastRank = sql.raw(String(scanned))
  const matches = and(
    sql`rank <= ${lastRank}`,
    ...list.conditions.map(({ once, where }) => (once ?? where)())
  )
  return prepared(
    db
      .select({ ...taskColumns, sort_key, rank: sql<number>`rank` })
      .from(numbered)
      .where(sql`(${matches} OR rank > ${lastRank})`)
      // That of the ranks: PostgreSQL reads no further than the page when it is named the same way.
      .orderBy(...orderBy(list.sort))
      .limit(sql.placeholder('limit')),
    name
  )
}

interface RowsInOrder {
  columns: typeof taskColumns | typeof tasks._.columns
  conditions: SQL[]
  limit: Placeholder | number
  /** The names of the filters of the list. */
  names: string[]
}

function rowsInOrder(db: Db, list: ListStatement, rows: RowsInOrder) {
  const [first, second, ...rest] = rangeSelects(db, list, rows)
  return second === undefined
    ? (first as NonNullable<typeof first>)
    : unionAll(first as never, second as never, ...rest)
        .orderBy(...orderBy(list.sort))
        .limit(rows.limit)
}

/** Orders by the very expressions of the branches: `NULLS LAST` on a key that is never null would prevent the merge. */
function orderBy(sort: TaskSort): SQL[] {
  const { isAscending, isNullable } = sortKeyOf(sort)
  const direction = sql.raw(isAscending ? 'ASC' : 'DESC')
  return [
    sql`sort_key ${direction} ${sql.raw(isNullable ? 'NULLS LAST' : '')}`,
    sql`id ${direction}`
  ]
}

/** One select for each range of an index: of each branch, first the rows with a sort key, then those without. */
function rangeSelects(db: Db, list: ListStatement, rows: RowsInOrder) {
  return list.branches.flatMap(({ where, ofOneList, lists }) =>
    rangesOf(list).map((range) => {
      const select = rangeSelect(db, list.sort, rows, and(ofOneList ?? where, range))
      return lists ? mergeLists(db, list.sort, rows, { lists, select }) : select
    })
  )
}

/**
 * The tasks directly below one, read first: an index that has a list in order would be read to its end for the few of
 * them. `OFFSET 0` keeps PostgreSQL from choosing it.
 */
function subtasks(db: Db) {
  const parent = sql`${sql.placeholder('parent_id')}::uuid`
  const owner = sql`(SELECT p.owner_id FROM ${tasks} p WHERE p.id = ${parent} LIMIT 1)`
  return db
    .select()
    .from(tasks)
    .where(sql`${tasks.owner_id} = ${owner} AND ${tasks.parent_id} = ${parent}`)
    .offset(sql.raw('0') as never)
}

function rangeSelect(
  db: Db,
  sort: TaskSort,
  { columns, conditions, limit, names }: RowsInOrder,
  range: SQL | undefined
) {
  const { key, isAscending } = sortKeyOf(sort)
  const order = isAscending ? asc : desc
  const ofParent =
    names.includes('parent_id') && (subtasks(db).as('tasks') as unknown as typeof tasks)
  return db
    .select({ ...columns, sort_key: sql<string | null>`${key}`.as('sort_key') })
    .from(ofParent || tasks)
    .where(and(range, ...conditions))
    .orderBy(order(key), order(tasks.id))
    .limit(limit)
}

/** Merges the same range of many lists, each no longer than the page: a page costs at most lists × page rows. */
function mergeLists(
  db: Db,
  sort: TaskSort,
  { columns, limit }: RowsInOrder,
  { lists, select }: { lists: SQL; select: ReturnType<typeof rangeSelect> }
) {
  return db
    .select({ ...columns, sort_key: sql<string | null>`sort_key`.as('sort_key') })
    .from(lists)
    .crossJoinLateral(select.as('tasks'))
    .orderBy(...orderBy(sort))
    .limit(limit)
}

/** Rows without a sort key come last in both directions, so they are a range of their own. */
function rangesOf({ sort, after }: ListStatement): (SQL | undefined)[] {
  const { key, type, isNullable, isAscending } = sortKeyOf(sort)
  const compare = sql.raw(isAscending ? '>' : '<')
  const id = sql`${sql.placeholder('id')}::uuid`
  const sortKey = sql`${sql.placeholder('sort_key')}::${type}`
  const isBeyondId = sql`${tasks.id} ${compare} ${id}`
  const isBeyondKey = sql`(${key}, ${tasks.id}) ${compare} (${sortKey}, ${id})`
  const withKey = and(
    isNullable ? sql`${key} IS NOT NULL` : undefined,
    after === 'key' ? isBeyondKey : undefined
  )
  const withoutKey = and(sql`${key} IS NULL`, after === 'null' ? isBeyondId : undefined)
  if (after === 'null') {
    return [withoutKey]
  }
  return isNullable ? [withKey, withoutKey] : [withKey]
}

import { and, asc, desc, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { unionAll } from 'drizzle-orm/pg-core'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { tasks } from '../../db/tables/tasks.ts'
import type { Branch } from './access.ts'
import type { Condition } from './filter.ts'
import type { TaskSort } from './list.schema.ts'
import { columns } from './queries.ts'
import type { Task } from './schema.ts'

/** How many rows a glance looks at: as long as it takes to find a page of a word that stands in one of twenty. */
export const HEAD_SCAN_ROWS = 500

interface SortKey {
  key: SQL
  type: 'timestamptz' | 'task_priority' | 'text'
  nullable?: true
}
const SORTS: Record<string, SortKey> = {
  created_at: { key: sql`${tasks.created_at}`, type: 'timestamptz' },
  updated_at: { key: sql`${tasks.updated_at}`, type: 'timestamptz' },
  due_date: { key: sql`${tasks.due_date}`, type: 'timestamptz', nullable: true },
  priority: { key: sql`${tasks.priority}`, type: 'task_priority' },
  title: { key: sql`lower(${tasks.title}) collate "C"`, type: 'text' }
}

const keyOf = (sort: TaskSort): SortKey => SORTS[sort.replace(/_(asc|desc)$/, '')] as SortKey

/** Where the page before ended: nowhere, at a row with a key, or among the rows without one, which come last. */
export type After = 'start' | 'key' | 'null'
export interface ListStatement {
  sort: TaskSort
  branches: Branch[]
  conditions: Condition[]
  after: After
}
export type Row = Task & { sort_key: string | null }

/**
 * One statement: for each branch a range of an index that is already in order, no longer than the page. Several are
 * merged as they come; only where rows without a key must go last is a few pages' worth of rows sorted. An `or` over
 * the branches would have to sort them all.
 */
export function prepareRows(db: Db, shape: ListStatement, name: string | undefined) {
  return prepared(
    inOrder(
      db,
      shape,
      columns,
      shape.conditions.map((c) => c.where()),
      sql.placeholder('limit')
    ),
    name
  )
}

/**
 * The same page, looked for among the first `GLANCE` rows in order, whatever they are. It answers whoever has no more rows
 * than that, or looks for what is frequent, by a plan that fits any value; an index on words reads everybody's. When it
 * ends with a row whose `place` is beyond, it has not seen enough.
 */
export function prepareHeadScan(db: Db, shape: ListStatement, name: string) {
  const read = { ...columns, search: tasks.search }
  const sort_key = sql<string | null>`sort_key`.as('sort_key')
  const first = inOrder(db, shape, read, [], HEAD_SCAN_ROWS + 1).as('tasks')
  const placed = db
    .select({
      ...read,
      sort_key,
      place: sql<number>`row_number() over (order by ${sql.join(ends(shape), sql`, `)})::int`.as(
        'place'
      )
    })
    .from(first)
    .as('tasks')
  const most = sql.raw(String(HEAD_SCAN_ROWS))
  const passes = and(sql`place <= ${most}`, ...shape.conditions.map((c) => (c.once ?? c.where)()))
  return prepared(
    db
      .select({ ...columns, sort_key, place: sql<number>`place` })
      .from(placed)
      .where(sql`(${passes} or place > ${most})`)
      .orderBy(sql`place`)
      .limit(sql.placeholder('limit')),
    name
  )
}

function inOrder(
  db: Db,
  shape: ListStatement,
  fields: typeof columns,
  conditions: SQL[],
  limit: Placeholder | number
) {
  const [first, second, ...rest] = selects(db, shape, fields, conditions, limit)
  return second === undefined
    ? (first as NonNullable<typeof first>)
    : unionAll(first as never, second as never, ...(rest as never[]))
        .orderBy(...ends(shape))
        .limit(limit)
}

/** The order of what comes out. In the very words of the branches: `nulls last` on a key that is never null would cost the merge. */
function ends({ sort }: ListStatement): SQL[] {
  const direction = sql.raw(sort.endsWith('_asc') ? 'asc' : 'desc')
  return [
    sql`sort_key ${direction} ${sql.raw(keyOf(sort).nullable ? 'nulls last' : '')}`,
    sql`id ${direction}`
  ]
}

function selects(
  db: Db,
  { sort, branches, after }: ListStatement,
  fields: typeof columns,
  conditions: SQL[],
  limit: Placeholder | number
) {
  const { key, type, nullable } = keyOf(sort)
  const isAscending = sort.endsWith('_asc')
  const order = isAscending ? asc : desc
  const compare = sql.raw(isAscending ? '>' : '<')
  const beyondId = sql`${tasks.id} ${compare} ${sql.placeholder('id')}::uuid`
  const beyondKey = sql`(${key}, ${tasks.id}) ${compare} (${sql.placeholder('sort_key')}::${sql.raw(type)}, ${sql.placeholder('id')}::uuid)`
  // Rows without a key come last whichever way the others go, so they are a range of their own.
  const keyed =
    after === 'null'
      ? []
      : [and(nullable && sql`${key} is not null`, after === 'key' ? beyondKey : undefined)]
  const keyless = nullable
    ? [and(sql`${key} is null`, after === 'null' ? beyondId : undefined)]
    : []
  return branches.flatMap(({ where }) =>
    [...keyed, ...keyless].map((range) =>
      db
        .select({ ...fields, sort_key: sql<string | null>`${key}`.as('sort_key') })
        .from(tasks)
        .where(and(where, range, ...conditions))
        .orderBy(order(key), order(tasks.id))
        .limit(limit)
    )
  )
}

/** How many there are in all. */
export async function countTasks(
  db: Db,
  { branches, conditions }: Pick<ListStatement, 'branches' | 'conditions'>,
  values: Record<string, unknown>
): Promise<number> {
  const [row] = await prepared(
    db
      .select({ total: sql<number>`count(*)::int` })
      .from(tasks)
      .where(whereClause(branches, conditions)),
    undefined
  ).execute(values)
  return row?.total ?? 0
}

/** All that the branches and the filters let through, where no order is needed. */
export function whereClause(branches: Branch[], conditions: Condition[]): SQL | undefined {
  return and(
    sql`(${sql.join(
      branches.map(({ where }) => sql`(${where})`),
      sql` or `
    )})`,
    ...conditions.map((c) => c.where())
  )
}

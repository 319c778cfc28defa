import { and, asc, desc, type SQL, sql } from 'drizzle-orm'
import { unionAll } from 'drizzle-orm/pg-core'
import { LRUCache } from 'lru-cache'
import type { Caller } from '../../core/caller.ts'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { type Cursors, type Page, pageOf } from '../../plugins/paging.ts'
import { DEFAULT_LIMIT } from '../../plugins/wire.ts'
import { conditionsOf, isPlannedAnew } from './filter.ts'
import type { TaskFilterQuery, TaskListQuery, TaskSort } from './list.schema.ts'
import { columns } from './queries.ts'
import type { Task } from './schema.ts'
import { type Branch, visibleBranches } from './visibility.ts'

/** Shapes of list (whose, filters, sort) that are kept prepared; each is one statement on each connection. */
const MAX_SHAPES = 200

interface SortKey { key: SQL, type: 'timestamptz' | 'task_priority' | 'text', nullable?: true }
const SORTS: Record<string, SortKey> = {
  created_at: { key: sql`${tasks.created_at}`, type: 'timestamptz' },
  updated_at: { key: sql`${tasks.updated_at}`, type: 'timestamptz' },
  due_date: { key: sql`${tasks.due_date}`, type: 'timestamptz', nullable: true },
  priority: { key: sql`${tasks.priority}`, type: 'task_priority' },
  title: { key: sql`lower(${tasks.title}) collate "C"`, type: 'text' }
}

const keyOf = (sort: TaskSort): SortKey => SORTS[sort.replace(/_(asc|desc)$/, '')] as SortKey

/** Where the page before ended: nowhere, at a row with a key, or among the rows without one, which come last. */
type After = 'start' | 'key' | 'null'
interface Shape { sort: TaskSort, branches: Branch[], conditions: SQL[], after: After }
type Row = Task & { sort_key: string | null }

/** Where to go on, as rows gave it: at the key of a row (null when it has none) and its id. */
export interface Position { sort_key: string | null, id: string }
export interface RowsWanted { sort: TaskSort, filter: TaskFilterQuery, after: Position | undefined, limit: number, include_total?: boolean | undefined }

/** Reads tasks that the caller may see, in order of a key, from a position on; each shape of question is prepared once. */
export function createTaskReader (db: Db) {
  const statements = new LRUCache<string, ReturnType<typeof prepareRows>>({ max: MAX_SHAPES })

  return async function readTasks (caller: Caller, { sort, filter, after: position, limit, include_total }: RowsWanted): Promise<{ rows: Row[], total: number | undefined }> {
    const branches = visibleBranches(caller, filter)
    const conditions = conditionsOf(filter)
    const after: After = position === undefined ? 'start' : position.sort_key === null ? 'null' : 'key'

    const values: Record<string, unknown> = Object.assign({ caller_id: caller.id, owner_id: filter.owner_id, limit, ...position }, ...conditions.map((c) => c.values))
    const name = [sort, after, ...branches.map((b) => b.name), ...conditions.map((c) => c.name)].join(' ')
    const shape = () => ({ sort, branches, conditions: conditions.map((c) => c.where()), after })
    const statement = statements.get(name) ?? prepareRows(db, shape(), isPlannedAnew(conditions) ? undefined : name)
    statements.set(name, statement)

    const [rows, total] = await Promise.all([statement.execute(values) as Promise<Row[]>, include_total ? countTasks(db, shape(), values) : undefined])
    return { rows, total }
  }
}

/** Lists tasks by key: page 10 000 costs what page 1 costs, and rows that come or go move no other row. */
export function createTaskList (db: Db, cursors: Cursors) {
  const readTasks = createTaskReader(db)

  return async function listTasks (caller: Caller, query: TaskListQuery): Promise<Page<Task>> {
    const { limit = DEFAULT_LIMIT, cursor, include_total, sort = 'created_at_desc', ...filter } = query
    const binding = JSON.stringify(['tasks', caller.id, sort, filter])
    const [sort_key, id] = cursor === undefined ? [] : cursors.open(binding, cursor)
    const after = id === undefined ? undefined : { sort_key: sort_key || null, id }
    const { rows, total } = await readTasks(caller, { sort, filter, after, limit: limit + 1, include_total })
    return pageOf(rows, limit, (last) => cursors.seal(binding, [last.sort_key ?? '', last.id]), total)
  }
}

/**
 * One statement: for each branch a range of an index that is already in order, no longer than the page. Several are
 * merged as they come; only where rows without a key must go last is a few pages' worth of rows sorted. An `or` over
 * the branches would have to sort them all.
 */
export function prepareRows (db: Db, shape: Shape, name: string | undefined) {
  const [first, second, ...rest] = selects(db, shape)
  // In the very words of the branches: `nulls last` on a key that is never null would cost the merge.
  const direction = sql.raw(shape.sort.endsWith('_asc') ? 'asc' : 'desc')
  const nullsLast = sql.raw(keyOf(shape.sort).nullable ? 'nulls last' : '')
  const query = second === undefined
    ? first as NonNullable<typeof first>
    : unionAll(first as never, second as never, ...rest as never[]).orderBy(sql`sort_key ${direction} ${nullsLast}, id ${direction}`).limit(sql.placeholder('limit'))
  return prepared(query, name)
}

function selects (db: Db, { sort, branches, conditions, after }: Shape) {
  const { key, type, nullable } = keyOf(sort)
  const isAscending = sort.endsWith('_asc')
  const order = isAscending ? asc : desc
  const compare = sql.raw(isAscending ? '>' : '<')
  const beyondId = sql`${tasks.id} ${compare} ${sql.placeholder('id')}::uuid`
  const beyondKey = sql`(${key}, ${tasks.id}) ${compare} (${sql.placeholder('sort_key')}::${sql.raw(type)}, ${sql.placeholder('id')}::uuid)`
  // Rows without a key come last whichever way the others go, so they are a range of their own.
  const keyed = after === 'null' ? [] : [and(nullable && sql`${key} is not null`, after === 'key' ? beyondKey : undefined)]
  const keyless = nullable ? [and(sql`${key} is null`, after === 'null' ? beyondId : undefined)] : []
  return branches.flatMap(({ where }) => [...keyed, ...keyless].map((range) =>
    db.select({ ...columns, sort_key: sql<string | null>`${key}`.as('sort_key') }).from(tasks)
      .where(and(where, range, ...conditions)).orderBy(order(key), order(tasks.id)).limit(sql.placeholder('limit'))))
}

async function countTasks (db: Db, { branches, conditions }: Shape, values: Record<string, unknown>): Promise<number> {
  const [row] = await prepared(db.select({ total: sql<number>`count(*)::int` }).from(tasks).where(matching(branches, conditions)), undefined).execute(values)
  return row?.total ?? 0
}

/** All that the branches and the filters let through, where no order is needed. */
export function matching (branches: Branch[], conditions: SQL[]): SQL | undefined {
  return and(sql`(${sql.join(branches.map(({ where }) => sql`(${where})`), sql` or `)})`, ...conditions)
}

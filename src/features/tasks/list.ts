import { and, desc, eq, isNull, type SQL, sql } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import type { Caller } from '../../core/caller.ts'
import type { Db } from '../../db/client.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { type Cursors, type Page, pageOf } from '../../plugins/paging.ts'
import { DEFAULT_LIMIT } from '../../plugins/wire.ts'
import { columns } from './queries.ts'
import type { Task, TaskListQuery } from './schema.ts'

/** Shapes of filter that are kept prepared; each is one statement on each connection. */
const MAX_SHAPES = 200

type Filter = Pick<TaskListQuery, 'status' | 'priority'>
const UNFINISHED = ['todo', 'in_progress'] as const

/** A filter's SQL, with placeholders only: the same shape is the same statement. */
const conditions: Record<keyof Filter, SQL> = {
  status: sql`${tasks.status} = any(${sql.placeholder('status')}::task_status[])`,
  priority: sql`${tasks.priority} = any(${sql.placeholder('priority')}::task_priority[])`
}
const after = sql`(${tasks.created_at}, ${tasks.id}) < (${sql.placeholder('created_at')}::timestamptz, ${sql.placeholder('id')}::uuid)`

/** Lists tasks by key, newest first: page 10 000 costs what page 1 costs, and rows that come or go move no other row. */
export function createTaskList (db: Db, cursors: Cursors) {
  const prepared = new LRUCache<string, ReturnType<typeof prepareShape>>({ max: MAX_SHAPES })
  const statementsFor = (names: (keyof Filter)[], hasCursor: boolean) => {
    const shape = `${names.join(' ')}${hasCursor ? ' after' : ''}`
    const statements = prepared.get(shape) ?? prepareShape(db, shape, names, hasCursor)
    prepared.set(shape, statements)
    return statements
  }

  return async function listTasks (caller: Caller, { limit = DEFAULT_LIMIT, cursor, include_total, ...query }: TaskListQuery): Promise<Page<Task>> {
    const filter = filterOf(query)
    const names = (Object.keys(conditions) as (keyof Filter)[]).filter((name) => filter[name] !== undefined)
    const binding = JSON.stringify(['tasks', caller.id, 'created_at_desc', names.map((name) => [name, filter[name]])])
    const values: Record<string, unknown> = { owner_id: caller.id, limit: limit + 1 }
    for (const name of names) values[name] = textOf(filter[name])
    if (cursor !== undefined) [values.created_at, values.id] = cursors.open(binding, cursor)
    const { rows, count } = statementsFor(names, cursor !== undefined)
    const [found, total] = await Promise.all([rows.execute(values), include_total ? count().execute(values) : undefined])
    return pageOf(found, limit, (last) => cursors.seal(binding, [last.created_at, last.id]), total?.[0]?.total)
  }
}

function prepareShape (db: Db, shape: string, names: (keyof Filter)[], hasCursor: boolean) {
  const matches = and(eq(tasks.owner_id, sql.placeholder('owner_id')), isNull(tasks.deleted_at), ...names.map((name) => conditions[name]))
  return {
    rows: db.select(columns).from(tasks).where(and(matches, hasCursor ? after : undefined))
      .orderBy(desc(tasks.created_at), desc(tasks.id)).limit(sql.placeholder('limit')).prepare(`list_tasks ${shape}`),
    count: () => db.select({ total: sql<number>`count(*)::int` }).from(tasks).where(matches).prepare(`count_tasks ${shape}`)
  }
}

/** `completed` is a word for some of the states, so that one index serves both. */
function filterOf ({ status, priority, completed }: Omit<TaskListQuery, 'limit' | 'cursor' | 'include_total'>): Filter {
  if (completed === undefined) return { status, priority }
  const states = completed ? (['done'] as const) : UNFINISHED
  return { priority, status: states.filter((state) => status?.includes(state) ?? true) }
}

/** Arrays travel as PostgreSQL's text of them; the values are enum members, so nothing needs quoting. */
const textOf = (values: string[] | undefined): string => `{${values?.join(',')}}`

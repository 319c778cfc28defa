import { LRUCache } from 'lru-cache'
import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { DEFAULT_LIMIT } from '../../http/pagination.schema.ts'
import { type Cursors, type Page, toPage } from '../../http/pagination.ts'
import { visibleBranches } from './access.ts'
import { conditionsOf, isPlannedAnew } from './filter.ts'
import {
  type After,
  countTasks,
  HEAD_SCAN_ROWS,
  prepareHeadScan,
  prepareRows,
  type Row
} from './list.queries.ts'
import type { TaskFilterQuery, TaskListQuery, TaskSort } from './list.schema.ts'
import type { Task } from './schema.ts'

/** Shapes of list (whose, filters, sort) that are kept prepared; each is one statement on each connection. */
const MAX_SHAPES = 200
/** Beyond, a page is larger than what a glance would find of it. */
const MAX_GLANCED = HEAD_SCAN_ROWS / 4

/** Where to go on, as rows gave it: at the key of a row (null when it has none) and its id. */
export interface Position {
  sort_key: string | null
  id: string
}
export interface RowsWanted {
  sort: TaskSort
  filter: TaskFilterQuery
  after: Position | undefined
  limit: number
  include_total?: boolean | undefined
}

/** Reads tasks that the caller may see, in order of a key, from a position on; each shape of question is prepared once. */
export function createTaskReader(db: Db) {
  const statements = new LRUCache<
    string,
    { execute: (values: Record<string, unknown>) => Promise<unknown> }
  >({ max: MAX_SHAPES })
  const kept = (name: string, prepare: () => ReturnType<typeof prepareRows>) => {
    const statement = statements.get(name) ?? prepare()
    statements.set(name, statement)
    return statement
  }

  return async function readTasks(
    caller: Caller,
    { sort, filter, after: position, limit, include_total }: RowsWanted
  ): Promise<{ rows: Row[]; total: number | undefined }> {
    const branches = visibleBranches(caller, filter)
    const conditions = conditionsOf(filter)
    const after: After =
      position === undefined ? 'start' : position.sort_key === null ? 'null' : 'key'

    const values: Record<string, unknown> = Object.assign(
      { caller_id: caller.id, owner_id: filter.owner_id, limit, ...position },
      ...conditions.map((c) => c.values)
    )
    const name = [
      sort,
      after,
      ...branches.map((b) => b.name),
      ...conditions.map((c) => c.name)
    ].join(' ')
    const shape = { sort, branches, conditions, after }
    const isAnew = isPlannedAnew(conditions)
    const look = async () => {
      if (isAnew && limit <= MAX_GLANCED) {
        const seen = (await kept(`${name} glance`, () =>
          prepareHeadScan(db, shape, `${name} glance`)
        ).execute(values)) as (Row & { place: number })[]
        if ((seen.at(-1)?.place ?? 0) <= HEAD_SCAN_ROWS) {
          return seen
        }
      }
      return (await kept(name, () => prepareRows(db, shape, isAnew ? undefined : name)).execute(
        values
      )) as Row[]
    }

    const [rows, total] = await Promise.all([
      look(),
      include_total ? countTasks(db, shape, values) : undefined
    ])
    return { rows, total }
  }
}

/** Lists tasks by key: page 10 000 costs what page 1 costs, and rows that come or go move no other row. */
export function createTaskList(db: Db, cursors: Cursors) {
  const readTasks = createTaskReader(db)

  return async function listTasks(caller: Caller, query: TaskListQuery): Promise<Page<Task>> {
    const {
      limit = DEFAULT_LIMIT,
      cursor,
      include_total,
      sort = 'created_at_desc',
      ...filter
    } = query
    const binding = JSON.stringify(['tasks', caller.id, sort, filter])
    const [sort_key, id] = cursor === undefined ? [] : cursors.decode(binding, cursor)
    const after = id === undefined ? undefined : { sort_key: sort_key || null, id }
    const { rows, total } = await readTasks(caller, {
      sort,
      filter,
      after,
      limit: limit + 1,
      include_total
    })
    return toPage(
      rows,
      limit,
      (last) => cursors.encode(binding, [last.sort_key ?? '', last.id]),
      total
    )
  }
}

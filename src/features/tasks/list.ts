import { LRUCache } from 'lru-cache'
import type { RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { rowsThatFit } from '../../http/page-size.ts'
import { DEFAULT_LIMIT } from '../../http/pagination.schema.ts'
import { type Cursors, type Page, sortBinding, toPage } from '../../http/pagination.ts'
import { canonicalFilter } from './canonical-filter.ts'
import { countTasks } from './count.queries.ts'
import { conditionsOf, needsCustomPlan } from './filter.sql.ts'
import {
  type After,
  HEAD_SCAN_ROWS,
  type ListStatement,
  mayLackKey,
  prepareHeadScan,
  prepareRows,
  type Row
} from './list.queries.ts'
import type { TaskFilterQuery, TaskListQuery, TaskSort } from './list.schema.ts'
import type { Task } from './schema.ts'
import { assertSortable, isByPosition } from './sortable.ts'
import { withSubtasks } from './subtasks.ts'
import { type VisibleTasks, visibleTasks } from './visible.ts'

/** Statements of which the text is kept in this process. */
const MAX_STATEMENTS = 200
/**
 * The lists that stay prepared on each connection to the server, by their branches and filters: what callers see by
 * default, perhaps of some states, those of a project, and everybody's. A caller can ask for hundreds of thousands of
 * other kinds, each of which would take the server's memory on every connection; those are planned anew.
 */
const FILTERS = ['', 'status one', 'status']
const COMMON_FILTERS = new Map([
  ['list live,assigned', FILTERS],
  ['lists live,assigned', FILTERS],
  ['list live', ['', 'personal']],
  ['all live', ['']]
])
/** A search is prepared for its first page and without other filters. */
const COMMON_SEARCHES = ['q', 'tag']

/** Characters in the descriptions of a page that cannot make it too large, whatever they and the other fields are. */
const MAX_UNMEASURED = 50_000

/** Where to continue: after the row with this sort key (null when it has none) and id. */
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

interface Statement {
  execute(values: Record<string, unknown>): Promise<unknown>
}

/** Reads tasks that the caller may see, in order, from a position on; common kinds of lists stay prepared. */
export function createTaskReader(db: Db) {
  const statements = new LRUCache<string, Statement>({ max: MAX_STATEMENTS })
  const cached = (name: string, prepare: () => Statement): Statement => {
    const statement = statements.get(name) ?? prepare()
    statements.set(name, statement)
    return statement
  }

  async function fetchRows(list: ListStatement, values: Record<string, unknown>) {
    const isNamed = isCommonList(list)
    const name = nameOf(list)
    const prepare = () => prepareRows(db, list, isNamed ? name : undefined)
    return (await cached(name, prepare).execute(values)) as Row[]
  }

  /** Looks for a page of a search among the first rows; undefined when they are not enough. */
  async function scanHead(list: ListStatement, values: Record<string, unknown>, lists: number) {
    const scanned = headScanRows(lists)
    if ((values.limit as number) > scanned / 4) {
      return undefined
    }
    const name = `${nameOf(list)} head ${scanned}`
    const prepare = () =>
      prepareHeadScan(db, list, isCommonSearch(list) ? name : undefined, scanned)
    const found = (await cached(name, prepare).execute(values)) as (Row & { rank: number })[]
    return (found.at(-1)?.rank ?? 0) <= scanned ? found : undefined
  }

  return async function readTasks({ caller }: RequestContext, wanted: RowsWanted) {
    const { sort, filter, after: position, limit, include_total } = wanted
    const conditions = conditionsOf(filter)
    const filled = Object.assign({}, ...conditions.map((condition) => condition.values))
    const statementOf = ({ branches, values }: VisibleTasks) => ({
      list: { sort, branches, conditions, after: afterOf(position) },
      values: { ...values, limit, ...position, ...filled }
    })
    const isOneList = isByPosition(sort)
    const see = (isSearch = false) => visibleTasks(db, caller, filter, { isOneList, isSearch })
    const visible = await see()
    const { list, values } = statementOf(visible)
    const readRows = async (): Promise<Row[]> => {
      if (!needsCustomPlan(conditions)) {
        return fetchRows(list, values)
      }
      const found = await scanHead(list, values, visible.lists)
      if (found) {
        return found
      }
      const search = statementOf(await see(true))
      return fetchRows(search.list, search.values)
    }
    const [rows, total] = await Promise.all([
      readRows(),
      include_total ? countTasks(db, { ...list, values }) : undefined
    ])
    return { rows, total }
  }
}

/** How many rows of each list a head scan may read, so that it never reads more than a few thousand. */
function headScanRows(lists: number): number {
  const fitting = [HEAD_SCAN_ROWS, HEAD_SCAN_ROWS / 4, HEAD_SCAN_ROWS / 10]
  return fitting.find((rows) => rows * lists <= 4 * HEAD_SCAN_ROWS) ?? 0
}

/** Names a statement by everything that decides its text. */
const nameOf = ({ sort, after, branches, conditions }: ListStatement): string =>
  [sort, after, ...branches.map(({ name }) => name), ...conditions.map(({ name }) => name)].join(
    ' '
  )

const namesOf = (parts: { name: string }[]): string => parts.map(({ name }) => name).join()

const isCommonList = ({ branches, conditions }: ListStatement): boolean =>
  COMMON_FILTERS.get(namesOf(branches))?.includes(namesOf(conditions)) === true

const isCommonSearch = ({ branches, conditions, after }: ListStatement): boolean =>
  after === 'start' &&
  namesOf(branches) === 'list live,assigned' &&
  COMMON_SEARCHES.includes(namesOf(conditions))

function afterOf(position: Position | undefined): After {
  if (position === undefined) {
    return 'start'
  }
  return position.sort_key === null ? 'null' : 'key'
}

/** Lists tasks by key: the last page costs what the first costs, and rows that come or go move no other row. */
export function createTaskList(db: Db, cursors: Cursors) {
  const readTasks = createTaskReader(db)

  return async function listTasks(ctx: RequestContext, query: TaskListQuery): Promise<Page<Task>> {
    const {
      limit = DEFAULT_LIMIT,
      cursor,
      include_total,
      include_subtasks = false,
      sort = 'created_at_desc',
      ...filter
    } = query
    assertSortable(sort, filter)
    const binding = JSON.stringify([
      'tasks',
      ctx.caller.id,
      sortBinding(sort),
      canonicalFilter(filter)
    ])
    const [sort_key, id] = cursor === undefined ? [] : cursors.decode(binding, cursor)
    const after = id === undefined ? undefined : { sort_key: keyOf(sort, sort_key), id }
    const { rows, total } = await readTasks(ctx, {
      sort,
      filter,
      after,
      limit: limit + 1,
      include_total
    })
    const page = toPage(
      rows,
      Math.min(limit, fittingRows(rows)),
      (last) => cursors.encode(binding, [last.sort_key ?? '', last.id]),
      total
    )
    page.pagination.limit = limit
    return include_subtasks ? { ...page, data: await withSubtasks(db, page.data) } : page
  }
}

/** Reads the sort key of a cursor: an empty one stands for none, where rows may have none; a title may sort as ''. */
const keyOf = (sort: TaskSort, key = ''): string | null =>
  key === '' && mayLackKey(sort) ? null : key

/** Only long descriptions can make a page too large: usually nothing is measured. */
function fittingRows(rows: Task[]): number {
  const length = rows.reduce((sum, { description }) => sum + (description?.length ?? 0), 0)
  return length > MAX_UNMEASURED ? rowsThatFit(rows) : rows.length
}

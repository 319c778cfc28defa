import type { Readable } from 'node:stream'
import type { Caller, RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { retryRead } from '../../db/retry-read.ts'
import { csvOf } from '../../lib/csv.ts'
import { FILE_LIMITS, streamText } from '../../lib/text-stream.ts'
import { dateOf } from '../../lib/timestamp.ts'
import { TAG_SEPARATOR } from './fields.schema.ts'
import { CSV_COLUMNS } from './fields.ts'
import type { TaskExportQuery } from './list.schema.ts'
import { createTaskReader, type Position } from './list.ts'
import type { Task } from './schema.ts'

/**
 * What callers do not write. An import keeps the id, the position and the times of creation and completion, and names
 * the others.
 */
const INFORMATION = [
  'id',
  'owner_id',
  'assignee_id',
  'project_id',
  'parent_id',
  'created_by',
  'position',
  'completed_at',
  'version',
  'created_at',
  'updated_at',
  'deleted_at'
] as const satisfies (keyof Task)[]

const COLUMNS: { name: string; field: keyof Task }[] = [
  ...CSV_COLUMNS.map(({ names: [name], field }) => ({ name, field })),
  ...INFORMATION.map((field) => ({ name: field, field }))
]

/** Rows of one read: as many as have about so much text, since long ones would hold up all other requests. */
const READ_BYTES = 524_288
const MIN_ROWS = 20
const MAX_ROWS = 250
/** What the fields other than the description take, roughly. */
const ROW_BYTES = 400

/**
 * Streams tasks as CSV, in the order in which they were created, read by read as the reader takes them. Paged by a key
 * that never changes: each task is in the file once, as it is when it is read, and between reads no connection and no
 * snapshot is held.
 */
export function createTaskExport(db: Db, { metered, paced }: ReadLimits) {
  const readTasks = createTaskReader(db)

  /** Rejects before the first chunk when the caller may not or the database cannot; later errors abort the stream. */
  return async function exportTasks(
    ctx: RequestContext,
    { bom = false, ...filter }: TaskExportQuery
  ): Promise<Readable> {
    const read: ReadAfter = async (limit, after) =>
      (await readTasks(ctx, { sort: 'created_at_asc', filter, after, limit })).rows
    const readNext: ReadAfter = (...args) => paced(ctx.caller, () => read(...args))
    const first = await metered(ctx.caller, () => read(MIN_ROWS))
    return streamText(recordsOf(bom, first, readNext), FILE_LIMITS)
  }
}

type DoRead = <T>(caller: Caller, read: () => Promise<T>) => Promise<T>
/** How the reads of callers are limited. */
interface ReadLimits {
  metered: DoRead
  paced: DoRead
}
type Rows = (Task & Position)[]
type ReadAfter = (limit: number, after?: Position) => Promise<Rows>

async function* recordsOf(bom: boolean, first: Rows, read: ReadAfter): AsyncGenerator<string> {
  yield bom ? BYTE_ORDER_MARK + HEADER : HEADER
  let limit = MIN_ROWS
  for (let rows = first, last = rows.at(-1); last; last = rows.at(-1)) {
    for (const part of partsOf(rows)) {
      yield csvOfTasks(part)
    }
    if (rows.length < limit) {
      return
    }
    const from = last
    limit = nextLimit(rows, limit)
    rows = await retryRead(() => read(limit, from))
  }
}

const bytesOf = ({ description }: Task): number => ROW_BYTES + (description?.length ?? 0)

/** Rows whose text makes about one chunk: they are written at once. */
function* partsOf(rows: Rows): Generator<Rows> {
  let part: Rows = []
  let bytes = 0
  for (const row of rows) {
    part.push(row)
    bytes += bytesOf(row)
    if (bytes >= FILE_LIMITS.chunkBytes) {
      yield part
      part = []
      bytes = 0
    }
  }
  if (part.length > 0) {
    yield part
  }
}

/** Reads more rows only after shorter ones, and no more than twice as many, since the next may be longer. */
function nextLimit(rows: Rows, limit: number): number {
  const mean = rows.reduce((sum, row) => sum + bytesOf(row), 0) / rows.length
  const fitting = Math.floor(READ_BYTES / mean)
  return Math.min(MAX_ROWS, 2 * limit, Math.max(MIN_ROWS, fitting))
}

const BYTE_ORDER_MARK = '\ufeff'
export const HEADER = csvOf([COLUMNS.map(({ name }) => name)])

/** Returns a record for each task. */
export const csvOfTasks = (tasks: Task[]): string =>
  csvOf(tasks.map((task) => COLUMNS.map(({ field }) => cellOf(exportedValue(task, field)))))

/** An all-day task is due on a date, which an import reads as such again. */
const exportedValue = (task: Task, field: keyof Task): Task[keyof Task] =>
  field === 'due_date' && task.all_day && task.due_date ? dateOf(task.due_date) : task[field]

function cellOf(value: Task[keyof Task]): string | null {
  if (value === null) {
    return null
  }
  return Array.isArray(value) ? value.join(TAG_SEPARATOR) : String(value)
}

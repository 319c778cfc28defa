import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { RequestContext } from '../../core/context.ts'
import { unavailable } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { classifyDbError } from '../../db/errors.ts'
import { csvOf } from '../../lib/csv.ts'
import { TAG_SEPARATOR } from './fields.schema.ts'
import { CSV_COLUMNS } from './fields.ts'
import type { TaskFilterQuery } from './list.schema.ts'
import { createTaskReader, type Position } from './list.ts'
import type { Task } from './schema.ts'

/** What is exported but not imported: an import ignores these columns and names them. */
const INFORMATION = [
  'id',
  'owner_id',
  'assignee_id',
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

/** Rows that are in memory at a time; the largest of them, full of long descriptions, are 20 MB. */
const CHUNK_ROWS = 500
/** In one process at a time; a slow reader holds one chunk, never a connection. */
const MAX_RUNNING = 20
/** How often a chunk in the middle of a file is read while the database restarts; the first is tried once. */
const MAX_TRIES = 20
const RETRY_MS = 500

/**
 * Streams tasks as CSV, in the order in which they were created, chunk by chunk as the reader takes them. Paged by a
 * key that never changes: each task is in the file once, as it is when its chunk is read, and between chunks no
 * connection and no snapshot is held.
 */
export function createTaskExport(db: Db) {
  const readTasks = createTaskReader(db)
  let running = 0

  /** Rejects before the first chunk when the caller may not or the database cannot; later errors abort the stream. */
  return async function exportTasks(
    ctx: RequestContext,
    filter: TaskFilterQuery
  ): Promise<Readable> {
    const read = async (after?: Position) =>
      (await readTasks(ctx, { sort: 'created_at_asc', filter, after, limit: CHUNK_ROWS })).rows
    if (running >= MAX_RUNNING) {
      throw unavailable('Too many exports are in progress. Try again in a few seconds.', 5)
    }
    running++
    const end = () => {
      running--
    }
    try {
      const stream = Readable.from(chunks(await read(), read), { objectMode: false })
      return stream.once('close', end)
    } catch (error) {
      end()
      throw error
    }
  }
}

type Rows = (Task & Position)[]

async function* chunks(
  first: Rows,
  readAfter: (last: Position) => Promise<Rows>
): AsyncGenerator<string> {
  yield HEADER
  for (let rows = first, last = rows.at(-1); last; last = rows.at(-1)) {
    yield csvOfTasks(rows)
    const from = last
    rows = rows.length < CHUNK_ROWS ? [] : await retryRead(() => readAfter(from))
  }
}

export const HEADER = csvOf([COLUMNS.map(({ name }) => name)])

/** Returns a record for each task. */
export const csvOfTasks = (tasks: Task[]): string =>
  csvOf(tasks.map((task) => COLUMNS.map(({ field }) => cellOf(task[field]))))

function cellOf(value: Task[keyof Task]): string | null {
  if (value === null) {
    return null
  }
  return Array.isArray(value) ? value.join(TAG_SEPARATOR) : String(value)
}

/** Repeats a read for as long as the database is unavailable. */
async function retryRead<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read()
    } catch (error) {
      if (attempt >= MAX_TRIES || classifyDbError(error) === undefined) {
        throw error
      }
      await pause(RETRY_MS)
    }
  }
}

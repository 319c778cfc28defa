import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { Caller } from '../../core/context.ts'
import { unavailable } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { classifyDbError } from '../../db/errors.ts'
import { csvOf } from '../../lib/csv.ts'
import type { TaskFilterQuery } from './list.schema.ts'
import { createTaskReader, type Position } from './list.ts'
import { TAG_SEPARATOR, type Task } from './schema.ts'

/** First what an import reads, then what only informs: an import ignores and names it. */
const COLUMNS = [
  'title',
  'description',
  'status',
  'priority',
  'due_date',
  'tags',
  'id',
  'owner_id',
  'assignee_id',
  'completed_at',
  'version',
  'created_at',
  'updated_at',
  'deleted_at'
] as const satisfies (keyof Task)[]

/** As many rows as are held in memory at a time; the worst of them, full of long descriptions, are 20 MB. */
const CHUNK = 500
/** At once in one process; what is held for a slow reader is one chunk, never a connection. */
const MAX_RUNNING = 20
/** A database that restarts is waited for in the middle of a file; the beginning is refused at once. */
const MAX_TRIES = 20
const PAUSE_MS = 500

/**
 * Tasks as CSV, in the order in which they were made, chunk by chunk as the reader takes them. Paged by a key that
 * never changes: each task is in it once, as it is when its chunk is read, and between chunks nothing is held open, so
 * that a slow reader keeps no connection and no snapshot from others.
 */
export function createTaskExport(db: Db) {
  const readTasks = createTaskReader(db)
  let running = 0

  /** Rejects before the first chunk when the caller may not or we cannot; afterwards a fault breaks the stream off. */
  return async function exportTasks(caller: Caller, filter: TaskFilterQuery): Promise<Readable> {
    const read = async (after?: Position) =>
      (await readTasks(caller, { sort: 'created_at_asc', filter, after, limit: CHUNK })).rows
    if (running >= MAX_RUNNING) {
      throw unavailable(
        'As many exports are under way as may be at once. Nothing was read; try again in a while.',
        5
      )
    }
    running++
    const leave = () => {
      running--
    }
    try {
      const stream = Readable.from(chunks(await read(), read), { objectMode: false })
      return stream.once('close', leave)
    } catch (error) {
      leave()
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
    rows = rows.length < CHUNK ? [] : await patiently(() => readAfter(from))
  }
}

export const HEADER = csvOf([[...COLUMNS]])

/** A record for each task. */
export const csvOfTasks = (tasks: Task[]): string =>
  csvOf(
    tasks.map((task) =>
      COLUMNS.map((column) => {
        const value = task[column]
        return value === null
          ? null
          : Array.isArray(value)
            ? value.join(TAG_SEPARATOR)
            : String(value)
      })
    )
  )

/** Reading again changes nothing, so whatever a database that was away left unanswered is asked once more. */
async function patiently<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read()
    } catch (error) {
      if (attempt >= MAX_TRIES || classifyDbError(error) === undefined) {
        throw error
      }
      await pause(PAUSE_MS)
    }
  }
}

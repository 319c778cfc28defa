import { and, asc, eq, ne, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { afterCursor, type KeysetPosition, newestFirst } from '../../db/keyset.ts'
import { executeRows } from '../../db/rows.ts'
import { taskImportErrors, taskImports } from '../../db/tables/task-imports.ts'
import type { TaskImport, TaskImportError } from './schema.ts'

const columns = {
  id: taskImports.id,
  status: taskImports.status,
  file_name: taskImports.file_name,
  dry_run: taskImports.dry_run,
  rows_total: taskImports.rows_total,
  rows_processed: taskImports.rows_processed,
  rows_imported: taskImports.rows_imported,
  rows_rejected: taskImports.rows_rejected,
  ignored_columns: taskImports.ignored_columns,
  created_at: taskImports.created_at,
  started_at: taskImports.started_at,
  finished_at: taskImports.finished_at,
  problem: taskImports.problem
}
const isOne = (owner_id: string, id: string) =>
  and(eq(taskImports.owner_id, owner_id), eq(taskImports.id, id))
/** A file that is still on its way is nobody's business. */
const isKnown = ne(taskImports.status, 'uploading')

type Row = Omit<TaskImport, 'problem' | 'status'> & {
  problem: Record<string, unknown> | null
  status: string
}
const told = ({ problem, ...rest }: Row): TaskImport =>
  ({ ...rest, ...(problem && { problem }) }) as TaskImport

export async function findImport(
  db: Db,
  owner_id: string,
  id: string
): Promise<TaskImport | undefined> {
  const [row] = await db
    .select(columns)
    .from(taskImports)
    .where(and(isOne(owner_id, id), isKnown))
  return row && told(row)
}

/** Imports of an owner, newest first, after a position if one is given. */
export async function listImports(
  db: Db,
  owner_id: string,
  limit: number,
  after?: KeysetPosition
): Promise<TaskImport[]> {
  const rows = await db
    .select(columns)
    .from(taskImports)
    .where(and(eq(taskImports.owner_id, owner_id), isKnown, afterCursor(taskImports, after)))
    .orderBy(...newestFirst(taskImports))
    .limit(limit)
  return rows.map(told)
}

/** Errors of an import in the order of rows, after a position if one is given. */
export async function listErrors(
  db: Db,
  owner_id: string,
  import_id: string,
  limit: number,
  after?: { row: number; column: string }
): Promise<TaskImportError[]> {
  const { row, column, code, message, value } = taskImportErrors
  const rows = await db
    .select({ row, column, code, message, value })
    .from(taskImportErrors)
    .where(
      and(
        eq(taskImportErrors.owner_id, owner_id),
        eq(taskImportErrors.import_id, import_id),
        after && sql`(${row}, ${column}) > (${after.row}::int, ${after.column})`
      )
    )
    .orderBy(asc(row), asc(column))
    .limit(limit)
  return rows.map((error) => ({ ...error, column: error.column === '' ? null : error.column }))
}

/** Ends an import that has not ended. Waits for the chunk under way; undefined when there is nothing left to cancel. */
export async function cancelImport(
  db: Db,
  owner_id: string,
  id: string
): Promise<TaskImport | undefined> {
  const [row] = await db
    .update(taskImports)
    .set({ status: 'cancelled', finished_at: sql`now()`, worker_id: null, leased_until: null })
    .where(and(isOne(owner_id, id), sql`${taskImports.status} in ('queued', 'running')`))
    .returning(columns)
  return row && told(row)
}

export type NewImport = Pick<
  typeof taskImports.$inferInsert,
  'owner_id' | 'id' | 'file_name' | 'dry_run' | 'request_id'
>

/** The place for a file that is on its way. */
export async function insertReceiving(db: Db, fresh: NewImport): Promise<void> {
  await db.insert(taskImports).values({ ...fresh, status: 'uploading' })
}

/** What goes into one block: rows as JSON, good ones as tasks, faults as errors. */
export interface Block {
  block_no: number
  valid_rows: number
  invalid_rows: number
  tasks: string
  errors: string
}

export async function insertBlock(
  db: Db,
  owner_id: string,
  import_id: string,
  { block_no, valid_rows, invalid_rows, tasks, errors }: Block
): Promise<void> {
  await db.execute(sql`insert into task_import_blocks (owner_id, import_id, block_no, valid_rows, invalid_rows, tasks, errors)
    values (${owner_id}, ${import_id}, ${block_no}, ${valid_rows}, ${invalid_rows}, ${tasks}::jsonb, ${errors}::jsonb)`)
}

/** Takes back what was received; its blocks go with it. */
export async function removeReceiving(db: Db, owner_id: string, id: string): Promise<void> {
  await db.delete(taskImports).where(and(isOne(owner_id, id), eq(taskImports.status, 'uploading')))
}

/** Turns what was received into an import that waits for its turn. */
export async function changeToQueued(
  tx: Db,
  owner_id: string,
  id: string,
  rows_total: number,
  ignored_columns: string[]
): Promise<TaskImport | undefined> {
  const [row] = await tx
    .update(taskImports)
    .set({ status: 'queued', rows_total, ignored_columns, created_at: sql`now()` })
    .where(and(isOne(owner_id, id), eq(taskImports.status, 'uploading')))
    .returning(columns)
  return row && told(row)
}

/** Locks the owner's row and counts their imports that have not ended, so that two uploads at the limit cannot both pass. */
export async function countUnfinishedUnderLock(tx: Db, owner_id: string): Promise<number> {
  await tx.execute(sql`select 1 from users where id = ${owner_id} for no key update`)
  return tx.$count(
    taskImports,
    and(eq(taskImports.owner_id, owner_id), sql`${taskImports.status} in ('queued', 'running')`)
  )
}

const unfinished = sql`${taskImports.finished_at} is null and ${taskImports.status} in ('queued', 'running')`

/** How many imports of everybody wait or run. */
export const countWaiting = (db: Db): Promise<number> => db.$count(taskImports, unfinished)

/** For how many seconds nothing was done for the owner of unfinished imports who has been left longest; 0 when nobody waits. An owner's imports take turns. */
export async function oldestWaitSeconds(db: Db): Promise<number> {
  const owners = db
    .select({
      seconds:
        sql<number>`extract(epoch from now() - max(greatest(${taskImports.created_at}, ${taskImports.last_run_at})))`.as(
          'seconds'
        )
    })
    .from(taskImports)
    .where(unfinished)
    .groupBy(taskImports.owner_id)
    .as('owners')
  const [row] = await db
    .select({ seconds: sql<number>`coalesce(max(${owners.seconds}), 0)::float8` })
    .from(owners)
  return row?.seconds ?? 0
}

const KEPT_DAYS = 30
/** Twice as long as any file may take. */
const UPLOADING_HOURS = 2
const PURGE_BLOCKS = 20
const PURGE_ERRORS = 2000

/** Removes what nobody needs any more: a chunk of the blocks of an import that ended early, of a file that never arrived, of an old import. Call again while there is more. */
export async function purgeImports(db: Db): Promise<{ done: number; more: boolean }> {
  const blocks = await purgeOne(
    db,
    sql`finished_at is not null and has_blocks`,
    'task_import_blocks',
    'block_no',
    PURGE_BLOCKS,
    (key) => sql`update task_imports set has_blocks = false where ${key}`
  )
  const lost = await purgeOne(
    db,
    sql`status = 'uploading' and finished_at is null and created_at < now() - make_interval(hours => ${UPLOADING_HOURS})`,
    'task_import_blocks',
    'block_no',
    PURGE_BLOCKS,
    (key) => sql`delete from task_imports where ${key}`
  )
  const old = await purgeOne(
    db,
    sql`finished_at < now() - make_interval(days => ${KEPT_DAYS}) and not has_blocks`,
    'task_import_errors',
    '"row", "column"',
    PURGE_ERRORS,
    (key) => sql`delete from task_imports where ${key}`
  )
  return { done: blocks + lost + old, more: blocks + lost + old > 0 }
}

/** Deletes a chunk of what hangs on one import that is `due`; when nothing is left, does what comes after. */
async function purgeOne(
  db: Db,
  due: SQL,
  table: string,
  order: string,
  chunk: number,
  after: (key: SQL) => SQL
): Promise<number> {
  const [one] = await executeRows<{ owner_id: string; id: string }>(
    db,
    sql`select owner_id, id from task_imports where ${due} order by finished_at limit 1`
  )
  if (!one) {
    return 0
  }
  const part = sql.raw(table)
  const keys = sql.raw(order)
  const owned = sql`owner_id = ${one.owner_id} and import_id = ${one.id}`
  const gone = await executeRows(
    db,
    sql`delete from ${part} where ${owned} and (${keys}) in (select ${keys} from ${part} where ${owned} limit ${chunk}) returning 1 as one`
  )
  if (gone.length < chunk) {
    await db.execute(after(sql`owner_id = ${one.owner_id} and id = ${one.id}`))
  }
  return gone.length + 1
}

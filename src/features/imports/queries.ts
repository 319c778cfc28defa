import { and, asc, eq, inArray, ne, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { afterCursor, type KeysetPosition, newestFirst } from '../../db/keyset.ts'
import { taskImportErrors, taskImports } from '../../db/tables/task-imports.ts'
import type { TaskImport, TaskImportError } from './schema.ts'

/** The select list of every statement that returns imports. */
export const importColumns = {
  id: taskImports.id,
  status: taskImports.status,
  file_name: taskImports.file_name,
  dry_run: taskImports.dry_run,
  project_id: taskImports.project_id,
  rows_total: taskImports.rows_total,
  rows_processed: taskImports.rows_processed,
  rows_imported: taskImports.rows_imported,
  rows_created: sql<number>`${taskImports.rows_imported} - ${taskImports.rows_updated}`.as(
    'rows_created'
  ),
  rows_updated: taskImports.rows_updated,
  rows_skipped: taskImports.rows_skipped,
  rows_rejected: taskImports.rows_rejected,
  projects_created: taskImports.projects_created,
  comments_created: taskImports.comments_created,
  errors_total: taskImports.errors_total,
  source: taskImports.source,
  ignored_columns: taskImports.ignored_columns,
  warnings: taskImports.warnings,
  created_at: taskImports.created_at,
  started_at: taskImports.started_at,
  finished_at: taskImports.finished_at,
  problem: taskImports.problem
}
export const isImport = (owner_id: string, id: string) =>
  and(eq(taskImports.owner_id, owner_id), eq(taskImports.id, id))
/** An import whose file is still on its way is not shown. */
const isVisible = ne(taskImports.status, 'uploading')

type Row = Omit<TaskImport, 'problem' | 'status'> & {
  problem: Record<string, unknown> | null
  status: string
}
export const toTaskImport = ({ problem, ...rest }: Row): TaskImport =>
  ({ ...rest, ...(problem && { problem }) }) as TaskImport

export async function findImport(
  db: Db,
  owner_id: string,
  id: string
): Promise<TaskImport | undefined> {
  const [row] = await db
    .select(importColumns)
    .from(taskImports)
    .where(and(isImport(owner_id, id), isVisible))
  return row && toTaskImport(row)
}

/** Returns the imports of an owner with these ids. */
export async function listImportsById(
  db: Db,
  owner_id: string,
  ids: string[]
): Promise<TaskImport[]> {
  const rows = await db
    .select(importColumns)
    .from(taskImports)
    .where(and(eq(taskImports.owner_id, owner_id), inArray(taskImports.id, ids), isVisible))
  return rows.map(toTaskImport)
}

/** Returns imports of an owner, newest first, after a position if one is given. */
export async function listImports(
  db: Db,
  owner_id: string,
  limit: number,
  after?: KeysetPosition
): Promise<TaskImport[]> {
  const rows = await db
    .select(importColumns)
    .from(taskImports)
    .where(and(eq(taskImports.owner_id, owner_id), isVisible, afterCursor(taskImports, after)))
    .orderBy(...newestFirst(taskImports))
    .limit(limit)
  return rows.map(toTaskImport)
}

/** Returns errors of an import in the order of rows, after a position if one is given. */
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

/** Ends an unfinished import, after the block that is being processed; undefined when it is finished. */
export async function cancelUnfinished(
  db: Db,
  owner_id: string,
  id: string
): Promise<TaskImport | undefined> {
  const [row] = await db
    .update(taskImports)
    .set({ status: 'cancelled', finished_at: sql`now()`, worker_id: null, leased_until: null })
    .where(and(isImport(owner_id, id), sql`${taskImports.status} IN ('queued', 'running')`))
    .returning(importColumns)
  return row && toTaskImport(row)
}

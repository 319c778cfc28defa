import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { taskImports } from '../../db/tables/task-imports.ts'
import { importColumns, isImport, toTaskImport } from './queries.ts'
import type { TaskImport } from './schema.ts'

export type NewImport = Pick<
  typeof taskImports.$inferInsert,
  'owner_id' | 'id' | 'file_name' | 'dry_run' | 'project_id' | 'request_id'
>
/** Parsed rows as JSON: the valid ones as task records, the faults of the others as errors, if they are stored. */
export interface NewBlock {
  block_no: number
  valid_rows: number
  invalid_rows: number
  skipped_rows: number
  tasks: string
  errors: string
  errors_total: number
}

/** The rest of a block that has no rows. */
export const NO_ROWS = {
  valid_rows: 0,
  invalid_rows: 0,
  skipped_rows: 0,
  errors: '[]',
  errors_total: 0
} as const satisfies Partial<NewBlock>

/** What is known of a file when all of it has been read. */
export type FoundInFile = Pick<
  typeof taskImports.$inferInsert,
  'rows_total' | 'ignored_columns' | 'source' | 'warnings' | 'on_conflict'
>

const isUploading = (owner_id: string, id: string) =>
  and(isImport(owner_id, id), eq(taskImports.status, 'uploading'))

/** Creates an import whose file is on its way. */
export async function insertUploading(db: Db, newImport: NewImport): Promise<void> {
  await db.insert(taskImports).values({ ...newImport, status: 'uploading' })
}

export async function insertBlock(
  db: Db,
  owner_id: string,
  import_id: string,
  { block_no, valid_rows, invalid_rows, skipped_rows, tasks, errors, errors_total }: NewBlock
): Promise<void> {
  await db.execute(sql`
    INSERT INTO task_import_blocks
      (owner_id, import_id, block_no, valid_rows, invalid_rows, skipped_rows, tasks, errors, errors_total)
    VALUES
      (${owner_id}, ${import_id}, ${block_no}, ${valid_rows}, ${invalid_rows}, ${skipped_rows},
      ${tasks}::jsonb, ${errors}::jsonb, ${errors_total})`)
}

/** Deletes an import that is still uploading, with its blocks. */
export async function deleteUploading(db: Db, owner_id: string, id: string): Promise<void> {
  await db.delete(taskImports).where(isUploading(owner_id, id))
}

/** Queues an import whose file is stored; undefined when it is not uploading any more. */
export async function changeToQueued(
  tx: Db,
  owner_id: string,
  id: string,
  found: FoundInFile
): Promise<TaskImport | undefined> {
  const [row] = await tx
    .update(taskImports)
    .set({ ...found, status: 'queued', created_at: sql`now()` })
    .where(isUploading(owner_id, id))
    .returning(importColumns)
  return row && toTaskImport(row)
}

/** Locks the owner's row and counts their unfinished imports, so that of two uploads at the limit only one passes. */
export async function countUnfinishedUnderLock(tx: Db, owner_id: string): Promise<number> {
  await tx.execute(sql`SELECT FROM owners WHERE owner_id = ${owner_id} FOR NO KEY UPDATE`)
  return tx.$count(
    taskImports,
    and(eq(taskImports.owner_id, owner_id), sql`${taskImports.status} IN ('queued', 'running')`)
  )
}

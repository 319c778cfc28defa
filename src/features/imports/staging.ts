import { createHash, type Hash } from 'node:crypto'
import type { Actor, RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { newId } from '../../lib/uuid.ts'
import { type BlockWriter, createBlockWriter } from './block-writer.ts'
import { MAX_FILE_NAME, type TaskImportWarning } from './file.schema.ts'
import { printable } from './problems.ts'
import type { OnConflict } from './schema.ts'
import { deleteUploading, insertUploading } from './staging.queries.ts'
import { type FileBatch, type FileReport, type ReadOptions, readTasks } from './task-reader.ts'

/** An import whose parsed rows are stored and which is not visible until it is queued. */
export interface StagedImport {
  id: string
  rows_total: number
  ignored_columns: string[]
  source: string
  warnings: TaskImportWarning[]
  /** Undefined where the file has neither ids nor projects. */
  on_conflict: OnConflict | undefined
  sha256: string
}
export interface ImportOptions extends ReadOptions {
  dry_run: boolean
  on_conflict?: OnConflict | undefined
}
export interface ImportFile {
  file_name: string
  source: AsyncIterable<Buffer>
  options: ImportOptions
}

/**
 * Reads a file as it arrives and stores its parsed rows, a block and a short transaction at a time: whatever its size
 * and however slow its sender, it takes little memory, no connection between blocks, and no disk. Throws the problem
 * when the file cannot be imported, and then nothing of it stays.
 */
export async function stageFile(
  db: Db,
  ctx: RequestContext<Actor>,
  { source, file_name, options }: ImportFile,
  maxRows: number
): Promise<StagedImport> {
  const owner_id = ctx.caller.id
  const id = newId()
  await insertUploading(db, {
    owner_id,
    id,
    dry_run: options.dry_run,
    file_name: baseName(file_name),
    project_id: options.project_id ?? null,
    request_id: ctx.requestId
  })
  try {
    const digest = createHash('sha256')
    const blocks = createBlockWriter(db, { owner_id, id, list_id: options.project_id ?? owner_id })
    const report = await storeRows(readTasks(hashing(source, digest), options, maxRows), blocks)
    const { found, layout, rows_total, ignored_columns, hasProjects, hasParents } = report
    const isJudgedByRow =
      hasProjects || hasParents || layout.columns.some(({ field }) => field === 'id')
    // The same file with other columns is another request.
    digest.update(JSON.stringify([...options.mapping.columns]))
    return {
      id,
      rows_total,
      ignored_columns,
      source: found.source,
      warnings: found.warnings,
      on_conflict: isJudgedByRow ? (options.on_conflict ?? 'skip') : undefined,
      sha256: digest.digest('base64url')
    }
  } catch (error) {
    await discardStaged(db, ctx, id)
    throw error
  }
}

/** Deletes what is staged of an import that was not queued. What cannot be deleted now is purged later. */
export async function discardStaged(
  db: Db,
  { caller }: RequestContext<Actor>,
  id: string
): Promise<void> {
  await deleteUploading(db, caller.id, id).catch(() => {})
}

async function storeRows(
  batches: AsyncGenerator<FileBatch, FileReport>,
  blocks: BlockWriter
): Promise<FileReport> {
  for (;;) {
    const { value, done } = await batches.next()
    if (done) {
      await blocks.end(value.late)
      return value
    }
    value.rows.forEach(blocks.add)
    blocks.addRecords(value)
    await blocks.flush()
  }
}

async function* hashing(source: AsyncIterable<Buffer>, digest: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    digest.update(chunk)
    yield chunk
  }
}

/** Returns the last part of a path, in a form that can be stored and shown. */
const baseName = (path: string): string => printable(path.replace(/^.*[\\/]/, ''), MAX_FILE_NAME)

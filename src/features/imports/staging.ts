import { createHash, type Hash } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { Actor, RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { deterministicUuids } from '../../lib/deterministic-uuid.ts'
import type { TimeZone } from '../../lib/time-zone.ts'
import { toTaskRecord } from '../tasks/service.ts'
import { type Cells, invalidFile, readRows } from './csv-reader.ts'
import { type Header, printable, readHeader } from './header.ts'
import { parseRow } from './row-reader.ts'
import { MAX_FILE_NAME, MAX_STORED_ERRORS } from './schema.ts'
import { deleteUploading, insertBlock, insertUploading, type NewBlock } from './staging.queries.ts'

/** Rows in one block, hence in one transaction of a worker. */
const BLOCK_ROWS = 500
/**
 * Long rows make smaller blocks, so that the text of each statement stays small: V8 allocates texts above 128 KiB apart
 * and collects them late.
 */
const BLOCK_CHARACTERS = 120_000

/** An import whose parsed rows are stored and which is not visible until it is queued. */
export interface StagedImport {
  id: string
  rows_total: number
  ignored_columns: string[]
  sha256: string
}
export interface ImportFile {
  file_name: string
  dry_run: boolean
  /** In which times without zone are meant; without it they are rejected. */
  zone?: TimeZone | undefined
  source: AsyncIterable<Buffer>
}

/**
 * Reads a file as it arrives and stores its parsed rows, a block and a short transaction at a time: whatever its size
 * and however slow its sender, it takes little memory, no connection between blocks, and no disk. Throws the problem
 * when the file cannot be imported, and then nothing of it stays.
 */
export async function stageFile(
  db: Db,
  ctx: RequestContext<Actor>,
  { source, file_name, dry_run, zone }: ImportFile,
  maxRows: number
): Promise<StagedImport> {
  const owner_id = ctx.caller.id
  const id = uuidv7()
  await insertUploading(db, {
    owner_id,
    id,
    dry_run,
    file_name: baseName(file_name),
    request_id: ctx.requestId
  })
  try {
    const digest = createHash('sha256')
    const blocks = createBlockWriter(db, owner_id, id, zone)
    const { header, rows } = await storeRows(readRows(hashing(source, digest)), blocks, maxRows)
    return {
      id,
      rows_total: rows,
      ignored_columns: header.ignored,
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
  batches: AsyncIterable<Cells[]>,
  blocks: BlockWriter,
  maxRows: number
): Promise<{ header: Header; rows: number }> {
  let header: Header | undefined
  let rows = 0
  for await (const batch of batches) {
    for (const cells of batch) {
      if (!header) {
        header = readHeader(cells)
        continue
      }
      if (++rows > maxRows) {
        throw new Problem('body_too_large', {
          detail: `The file has more than ${maxRows} rows. Split it.`
        })
      }
      blocks.add(rows, cells, header)
    }
    await blocks.flush()
  }
  if (!header) {
    throw invalidFile(
      'empty',
      'The file is empty: it needs a header such as title,description,status,priority,due_date,tags.'
    )
  }
  await blocks.end()
  return { header, rows }
}

type BlockWriter = ReturnType<typeof createBlockWriter>

/** Parses rows, collects them in blocks and stores these. */
function createBlockWriter(db: Db, owner_id: string, id: string, zone: TimeZone | undefined) {
  const full: NewBlock[] = []
  let tasks: string[] = []
  let errors: string[] = []
  let invalid_rows = 0
  let errors_total = 0
  let errors_left = MAX_STORED_ERRORS
  let characters = 0
  let block_no = 0
  const closeBlock = () => {
    full.push({
      block_no: block_no++,
      valid_rows: tasks.length,
      invalid_rows,
      tasks: `[${tasks.join()}]`,
      errors: `[${errors.join()}]`,
      errors_total
    })
    tasks = []
    errors = []
    invalid_rows = 0
    errors_total = 0
    characters = 0
  }
  const flush = async () => {
    for (let block = full.shift(); block; block = full.shift()) {
      await insertBlock(db, owner_id, id, block)
    }
  }
  return {
    add(row: number, cells: Cells, header: Header): void {
      const parsed = parseRow(cells, header, zone)
      if ('task' in parsed) {
        const { task, event } = deterministicUuids(id, row)
        const text = JSON.stringify({ row, ...toTaskRecord(parsed.task, task, event) })
        tasks.push(text)
        characters += text.length
      } else {
        invalid_rows++
        errors_total += parsed.errors.length
        const stored = parsed.errors.slice(0, errors_left)
        errors_left -= stored.length
        errors.push(...stored.map((error) => JSON.stringify({ row, ...error })))
      }
      if (tasks.length + invalid_rows >= BLOCK_ROWS || characters >= BLOCK_CHARACTERS) {
        closeBlock()
      }
    },
    flush,
    async end(): Promise<void> {
      if (tasks.length + invalid_rows > 0) {
        closeBlock()
      }
      await flush()
    }
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

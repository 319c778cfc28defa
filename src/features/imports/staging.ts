import { createHash } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { deterministicUuids } from '../../lib/deterministic-uuid.ts'
import { toRow } from '../tasks/service.ts'
import { type Columns, printable, readHeader } from './columns.ts'
import { type Cells, invalidFile, readRows } from './csv-reader.ts'
import {
  type Block,
  insertBlock,
  insertReceiving,
  type NewImport,
  removeReceiving
} from './queries.ts'
import { parseRow } from './row-reader.ts'
import { MAX_FILE_NAME } from './schema.ts'

/** Rows in one block, hence in one transaction of the work. */
const BLOCK_ROWS = 500
/**
 * Longer rows make smaller blocks: each statement stays small, and so does its text. V8 keeps what is above 128 KiB apart
 * and collects it late, which made the process grow by half while a large file was staged.
 */
const BLOCK_CHARACTERS = 120_000

/** A file whose rows stand in the database, unseen until its import is queued. */
export interface Staged {
  owner_id: string
  id: string
  rows_total: number
  ignored_columns: string[]
  sha256: string
}
export interface Incoming {
  owner_id: string
  request_id: string
  dry_run: boolean
  file_name: string
  source: AsyncIterable<Buffer>
}

/**
 * Reads a file as it arrives and stages its judged rows, a block and a short transaction at a time: whatever its size
 * and however slow its sender, it takes little memory, no connection in between, and no file. Nobody sees anything of
 * it before it is queued. Throws the problem that keeps it from being an import, and then leaves nothing behind.
 */
export async function stageFile(
  db: Db,
  { source, ...incoming }: Incoming,
  { maxRows }: { maxRows: number }
): Promise<Staged> {
  const fresh: NewImport = {
    ...incoming,
    file_name: shownFileName(incoming.file_name),
    id: uuidv7()
  }
  const { owner_id, id } = fresh
  await insertReceiving(db, fresh)
  try {
    const digest = createHash('sha256')
    const stage = createStage(db, owner_id, id)
    let columns: Columns | undefined
    let rows_total = 0
    for await (const batch of readRows(hashing(source, digest))) {
      for (const cells of batch) {
        if (!columns) {
          columns = readHeader(cells)
          continue
        }
        if (++rows_total > maxRows) {
          throw new Problem('body_too_large', {
            detail: `The file has more than ${maxRows} rows. Split it.`
          })
        }
        stage.add(rows_total, cells, columns)
      }
      await stage.flush()
    }
    if (!columns) {
      throw invalidFile(
        'empty',
        'The file is empty: it needs a header such as title,description,status,priority,due_date,tags.'
      )
    }
    await stage.end()
    return {
      owner_id,
      id,
      rows_total,
      ignored_columns: columns.ignored,
      sha256: digest.digest('base64url')
    }
  } catch (error) {
    await discardStaged(db, { owner_id, id })
    throw error
  }
}

/** Takes a staged file back. What cannot be taken back now is purged later, so the caller hears of nothing. */
export async function discardStaged(
  db: Db,
  { owner_id, id }: Pick<Staged, 'owner_id' | 'id'>
): Promise<void> {
  await removeReceiving(db, owner_id, id).catch(() => {})
}

/** Gathers judged rows into blocks. */
function createStage(db: Db, owner_id: string, id: string) {
  const full: Block[] = []
  let tasks: string[] = []
  let errors: string[] = []
  let invalid_rows = 0
  let characters = 0
  let block_no = 0
  const close = () => {
    full.push({
      block_no: block_no++,
      valid_rows: tasks.length,
      invalid_rows,
      tasks: `[${tasks.join()}]`,
      errors: `[${errors.join()}]`
    })
    tasks = []
    errors = []
    invalid_rows = 0
    characters = 0
  }
  const flush = async () => {
    for (let block = full.shift(); block; block = full.shift()) {
      await insertBlock(db, owner_id, id, block)
    }
  }
  return {
    add(row: number, cells: Cells, columns: Columns): void {
      const judged = parseRow(cells, columns)
      if ('draft' in judged) {
        const { task, event } = deterministicUuids(id, row)
        const text = JSON.stringify({ row, ...toRow(judged.draft, task, event) })
        tasks.push(text)
        characters += text.length
      } else {
        invalid_rows++
        for (const fault of judged.faults) {
          errors.push(JSON.stringify({ row, ...fault }))
        }
      }
      if (tasks.length + invalid_rows >= BLOCK_ROWS || characters >= BLOCK_CHARACTERS) {
        close()
      }
    },
    flush,
    async end(): Promise<void> {
      if (tasks.length + invalid_rows > 0) {
        close()
      }
      await flush()
    }
  }
}

async function* hashing(
  source: AsyncIterable<Buffer>,
  digest: ReturnType<typeof createHash>
): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    digest.update(chunk)
    yield chunk
  }
}

/** The last part of a path, in a form that can be stored and shown. */
const shownFileName = (name: string): string =>
  printable(name.replace(/^.*[\\/]/, ''), MAX_FILE_NAME)

import type { Db } from '../../db/client.ts'
import { deterministicUuids, ownUuid } from '../../lib/deterministic-uuid.ts'
import { toTaskRecord } from '../tasks/service.ts'
import type { ParsedRow } from './row-reader.ts'
import { MAX_STORED_ERRORS } from './schema.ts'
import { insertBlock, type NewBlock } from './staging.queries.ts'

/** Rows in one block, hence in one transaction of a worker; fewer where each has an id, which takes a lock. */
const BLOCK_ROWS = 500
const BLOCK_ROWS_WITH_IDS = 200
/** Rows of one id in a block: each takes statements of its own, since it finds what those before it have made. */
const MAX_REPEATS = 10
/**
 * Long rows make smaller blocks, so that the text of each statement stays small: V8 allocates texts above 128 KiB apart
 * and collects them late.
 */
const BLOCK_CHARACTERS = 120_000

export type BlockWriter = ReturnType<typeof createBlockWriter>

/** The import whose rows are stored, and the list that those go into which name none. */
interface Target {
  owner_id: string
  id: string
  list_id: string
}

/** Collects parsed rows in blocks, and stores these: an import in the order of its rows. */
export function createBlockWriter(db: Db, target: Target) {
  const { owner_id, id } = target
  const full: NewBlock[] = []
  let block_no = 0
  let block = emptyBlock()
  let errorsLeft = MAX_STORED_ERRORS
  const closeBlock = () => {
    const { tasks, errors, errors_total, invalid_rows, skipped_rows } = block
    full.push({
      block_no: block_no++,
      valid_rows: tasks.length,
      invalid_rows,
      skipped_rows,
      tasks: `[${tasks.join()}]`,
      errors: `[${errors.join()}]`,
      errors_total
    })
    block = emptyBlock()
  }
  const flush = async () => {
    for (let next = full.shift(); next; next = full.shift()) {
      await insertBlock(db, owner_id, id, next)
    }
  }
  return {
    add(row: number, parsed: ParsedRow): void {
      if ('task' in parsed) {
        const text = recordOf(target, row, parsed)
        block.tasks.push(text)
        block.characters += text.length
        countId(block, parsed.kept.id)
      } else if ('errors' in parsed) {
        block.invalid_rows++
        block.errors_total += parsed.errors.length
        const stored = parsed.errors.slice(0, errorsLeft)
        errorsLeft -= stored.length
        block.errors.push(...stored.map((error) => JSON.stringify({ row, ...error })))
      } else {
        block.skipped_rows++
      }
      if (isFull(block)) {
        closeBlock()
      }
    },
    flush,
    async end(): Promise<void> {
      if (rowsIn(block) > 0) {
        closeBlock()
      }
      await flush()
    }
  }
}

const emptyBlock = () => ({
  tasks: [] as string[],
  errors: [] as string[],
  errors_total: 0,
  invalid_rows: 0,
  skipped_rows: 0,
  characters: 0,
  /** How often each id has come. */
  ids: new Map<string, number>(),
  isRepeating: false
})
type OpenBlock = ReturnType<typeof emptyBlock>

function countId(block: OpenBlock, id: string | undefined): void {
  if (id !== undefined) {
    const times = (block.ids.get(id) ?? 0) + 1
    block.ids.set(id, times)
    block.isRepeating ||= times >= MAX_REPEATS
  }
}

const rowsIn = ({ tasks, invalid_rows, skipped_rows }: OpenBlock): number =>
  tasks.length + invalid_rows + skipped_rows
const isFull = (block: OpenBlock): boolean =>
  rowsIn(block) >= (block.ids.size > 0 ? BLOCK_ROWS_WITH_IDS : BLOCK_ROWS) ||
  block.isRepeating ||
  block.characters >= BLOCK_CHARACTERS

/** Returns a valid row as JSON, with the ids that it gets however often it is processed. */
function recordOf(
  { id, list_id }: Target,
  row: number,
  { task, kept }: Extract<ParsedRow, { task: unknown }>
): string {
  const ids = deterministicUuids(id, row)
  const { id: given_id, ...rest } = kept
  const own_id = given_id && ownUuid(kept.project_id ?? list_id, given_id)
  const matching = given_id !== undefined && { given_id, own_id }
  return JSON.stringify({ row, ...toTaskRecord(task, ids.task, ids.event), ...rest, ...matching })
}

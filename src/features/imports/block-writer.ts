import type { Db } from '../../db/client.ts'
import { deterministicUuids, ownUuid } from '../../lib/deterministic-uuid.ts'
import { toTaskRecord } from '../tasks/service.ts'
import type { AccountBatch } from './account-reader.ts'
import type { LateLink, TaskRef } from './family.ts'
import type { RowError } from './faults.ts'
import { PARENT } from './fields.ts'
import {
  BLOCK_COMMENTS,
  BLOCK_PROJECTS,
  type CommentRecord,
  FIRST_COMMENT_BLOCK,
  FIRST_LINK_BLOCK,
  FIRST_PROJECT_BLOCK,
  type LinkRecord
} from './phases.ts'
import type { CommentsOnRow } from './row-comments.ts'
import type { ValidRow } from './row-reader.ts'
import { MAX_STORED_ERRORS } from './schema.ts'
import { insertBlock, type NewBlock, NO_ROWS } from './staging.queries.ts'
import type { NumberedRow } from './task-reader.ts'

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
  const addErrors = (row: number, errors: RowError[]) => {
    errorsLeft -= addTo(block, row, errors, errorsLeft)
  }
  const records = createRecordBlocks(target, full)
  const flush = () => insertAll(db, target, full)
  return {
    add({ row, parsed, parent, comments }: NumberedRow): void {
      records.addComments(comments)
      if ('task' in parsed) {
        addErrors(row, parsed.faults)
        const text = recordOf(target, row, parsed, parent)
        block.tasks.push(text)
        block.characters += text.length
        countId(block, parsed.kept.id)
      } else if ('errors' in parsed) {
        block.invalid_rows++
        addErrors(row, parsed.errors)
      } else {
        block.skipped_rows++
      }
      if (isFull(block)) {
        closeBlock()
      }
    },
    addRecords: records.add,
    flush,
    /** Stores what is left, and for the end of the import the rows whose parents come after them. */
    async end(late: LateLink[]): Promise<void> {
      if (rowsIn(block) > 0) {
        closeBlock()
      }
      records.end()
      await flush()
      for (const link of linkBlocks(target, late)) {
        await insertBlock(db, owner_id, id, link)
      }
    }
  }
}

/** Stores blocks, and takes them from the list. */
async function insertAll(db: Db, { owner_id, id }: Target, full: NewBlock[]): Promise<void> {
  for (let next = full.shift(); next; next = full.shift()) {
    await insertBlock(db, owner_id, id, next)
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

/** Adds the errors of a row, and returns how many of them are stored: up to `limit`. */
function addTo(block: OpenBlock, row: number, errors: RowError[], limit: number): number {
  const stored = errors.slice(0, limit)
  block.errors_total += errors.length
  block.errors.push(...stored.map((error) => JSON.stringify({ row, ...error })))
  return stored.length
}

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

/** Collects the projects and comments of a file in blocks of their own. */
function createRecordBlocks(target: Target, full: NewBlock[]) {
  const kinds = {
    projects: { next: FIRST_PROJECT_BLOCK, most: BLOCK_PROJECTS, texts: [] as string[], size: 0 },
    comments: { next: FIRST_COMMENT_BLOCK, most: BLOCK_COMMENTS, texts: [] as string[], size: 0 }
  }
  type Kind = (typeof kinds)[keyof typeof kinds]
  const close = (kind: Kind) => {
    if (kind.texts.length > 0) {
      full.push({ ...NO_ROWS, block_no: kind.next++, tasks: `[${kind.texts.join()}]` })
      kind.texts = []
      kind.size = 0
    }
  }
  const put = (kind: Kind, record: object) => {
    const text = JSON.stringify(record)
    kind.texts.push(text)
    kind.size += text.length
    if (kind.texts.length >= kind.most || kind.size >= BLOCK_CHARACTERS) {
      close(kind)
    }
  }
  return {
    add({ projects, comments }: AccountBatch): void {
      for (const project of projects) {
        put(kinds.projects, project)
      }
      for (const comment of comments) {
        const own_task_id = ownUuid(target.list_id, comment.task_id)
        put(kinds.comments, { ...comment, own_task_id })
      }
    },
    addComments(comments: CommentsOnRow | undefined): void {
      for (const record of comments ? commentRecords(target, comments) : []) {
        put(kinds.comments, record)
      }
    },
    end(): void {
      close(kinds.projects)
      close(kinds.comments)
    }
  }
}

/** Returns the comments of a row with the ids that they get each time that the file is imported into their task. */
function commentRecords({ id, list_id }: Target, { on, first, comments }: CommentsOnRow) {
  const task_id = on.id ?? deterministicUuids(id, on.row).task
  const own_task_id = on.id === undefined ? task_id : ownUuid(on.project_id ?? list_id, on.id)
  return comments.map((comment, i): CommentRecord => {
    const { task: id } = deterministicUuids(task_id, first + i)
    return { ...comment, id, task_id, own_task_id, is_own: comment.author === undefined }
  })
}

/** Returns a valid row as JSON, with the ids that it gets however often it is processed. */
function recordOf(
  target: Target,
  row: number,
  { task, kept, parent: named }: ValidRow,
  parent: TaskRef | undefined
): string {
  const ids = deterministicUuids(target.id, row)
  const { id: given_id, given, ...rest } = kept
  // Whoever imports an account gets a copy of their own, whichever project it is in.
  const scope = kept.of_account ? target.list_id : (kept.project_id ?? target.list_id)
  const matching = given_id !== undefined && {
    given_id,
    own_id: ownUuid(scope, given_id),
    // A parent that comes later is put above it at the end.
    given: named !== '' && !parent ? given?.filter((field) => field !== PARENT) : given
  }
  const above = parent && parentOf(target, scope, parent)
  const record = toTaskRecord(task, ids.task, ids.event)
  return JSON.stringify({ row, ...record, ...rest, ...matching, ...above })
}

/** Returns the ids that a parent may have. */
const parentOf = ({ id }: Target, scope: string, parent: TaskRef) =>
  'row' in parent
    ? { parent: deterministicUuids(id, parent.row).task }
    : { parent: parent.id, own_parent: ownUuid(scope, parent.id) }

function* linkBlocks(target: Target, late: LateLink[]): Generator<NewBlock> {
  for (let i = 0; i < late.length; i += BLOCK_ROWS_WITH_IDS) {
    const links = late.slice(i, i + BLOCK_ROWS_WITH_IDS).map(
      ({ row, name, parent, obstacle }): LinkRecord => ({
        row,
        name,
        ...(obstacle && { obstacle }),
        id: deterministicUuids(target.id, row).task,
        ...(parent && parentOf(target, target.list_id, parent))
      })
    )
    yield { ...NO_ROWS, block_no: FIRST_LINK_BLOCK + i, tasks: JSON.stringify(links) }
  }
}

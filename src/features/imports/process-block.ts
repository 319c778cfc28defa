import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { withTransaction } from '../../db/transaction.ts'
import {
  createFromRecords,
  idTaken,
  lockRecordPlaces,
  type Place,
  quotaExceeded,
  remainingQuota,
  type StorageQuota,
  saveMatched
} from '../tasks/service.ts'
import {
  type Block,
  deleteBlock,
  deleteBlockWithErrors,
  findNextBlock,
  listRowsAfter,
  lockProgress,
  type Progress,
  readRecords,
  recordsOfBlock,
  saveProgress
} from './block.queries.ts'
import { contextOf, failImport, recordEnd } from './ending.ts'
import type { Rejection } from './faults.ts'
import type { LeasedImport } from './lease.queries.ts'
import { FIRST_CLOSING_BLOCK, FIRST_COMMENT_BLOCK, FIRST_LINK_BLOCK } from './phases.ts'
import { addComments, archiveProjects, createProjects } from './process-account.ts'
import { keepForLater, linkOf, linkRows, tellMisplaced } from './process-links.ts'
import { placeRows, type RowRecord, rejectProject } from './process-projects.ts'
import { type BlockOutcome, NOTHING, type Run } from './run.ts'
import { MAX_STORED_ERRORS } from './schema.ts'

/** Who processes blocks. */
export interface BlockWorker {
  db: Db
  id: string
  /** The most tasks that a user may have. */
  quota: number
  storage: StorageQuota
  config: Run['config']
}

/**
 * Imports one block in one transaction: it creates the tasks with their events, stores the errors, counts the rows,
 * deletes the block and, after the last one, ends the import. So a block has its effect exactly once, whichever worker
 * dies when and however many work on it. Returns false when nothing is left for this worker.
 */
export function processBlock(
  { db, id: workerId, ...limits }: BlockWorker,
  leased: LeasedImport
): Promise<boolean> {
  return withTransaction(db, async (tx) => {
    const progress = await lockProgress(tx, workerId, leased)
    if (!progress) {
      return false
    }
    const run = { ...limits, db, tx, leased, progress, ctx: contextFor(leased, progress) }
    const place = progress.disabled ? accountDisabled() : await findPlace(run)
    if (place instanceof Problem) {
      await failImport(db, leased, place, tx)
      return false
    }
    const block = await findNextBlock(tx, leased)
    if (!block) {
      await recordEnd(
        tx,
        leased,
        await saveProgress(tx, leased, { ...NOTHING, processed: 0, errors: 0 }, true)
      )
      return false
    }
    const { rejections, links, addsBlocks, ...outcome } = await outcomeOf(run, block, place)
    const errors = block.errors_total + rejections.length
    const limit = Math.max(0, MAX_STORED_ERRORS - progress.errors_total)
    if (limit === 0 || errors === 0) {
      await deleteBlock(tx, leased, block)
    } else {
      await deleteBlockWithErrors(tx, leased, block, { rejections, limit })
    }
    await keepForLater(tx, leased, block, links)
    const processed = block.valid_rows + block.invalid_rows + block.skipped_rows
    const skipped = block.skipped_rows + outcome.skipped
    const isLast = block.is_last && links.length === 0 && !addsBlocks
    const counts = { ...outcome, processed, skipped, errors }
    const totals = await saveProgress(tx, leased, counts, isLast)
    if (isLast) {
      await recordEnd(tx, leased, totals)
    }
    return !isLast
  })
}

/** What is done with blocks from a number on, the highest first; the others have rows. */
const PHASES: [number, (run: Run, block: Block) => Promise<BlockOutcome>][] = [
  [FIRST_CLOSING_BLOCK, archiveProjects],
  [FIRST_COMMENT_BLOCK, addComments],
  [FIRST_LINK_BLOCK, linkRows]
]

function outcomeOf(run: Run, block: Block, place: Place): Promise<BlockOutcome> {
  const [, process] = PHASES.find(([first]) => block.block_no >= first) ?? []
  if (process) {
    return process(run, block)
  }
  if (block.block_no < 0) {
    return createProjects(run, block)
  }
  return run.leased.on_conflict === null ? createRows(run, block, place) : matchRows(run, block)
}

const accountDisabled = () =>
  new Problem('account_disabled', {
    detail: 'The account was disabled before the import finished. Tasks that it had created remain.'
  })

const contextFor = (leased: LeasedImport, { role }: Progress): RequestContext => ({
  ...contextOf(leased),
  caller: { id: leased.owner_id, name: '', role, session_id: '' }
})

/**
 * Returns the list that the import is into, whose project stays as it is until the transaction ends; or why nothing
 * more can go there.
 */
async function findPlace({ tx, leased, ctx }: Run): Promise<Place | Problem> {
  const { project_id } = leased
  const place = (await lockRecordPlaces(tx, ctx.caller, [project_id])).of(project_id)
  return place instanceof Problem ? projectClosed(place) : place
}

/** Why an import ends whose project does not take tasks any more. */
function projectClosed({ code }: Problem): Problem {
  const remain = 'Tasks that the import had created remain.'
  if (code === 'project_archived') {
    return new Problem(code, { detail: `The project was archived meanwhile. ${remain}` })
  }
  return code === 'not_allowed'
    ? new Problem(code, { detail: `You may no longer create tasks in the project. ${remain}` })
    : new Problem('not_found', {
        detail: `The project was deleted, or you do not belong to it any more. ${remain}`
      })
}

/** Creates a task of each row of a block that the quotas allow. A dry run only counts them. */
async function createRows(run: Run, block: Block, place: Place): Promise<BlockOutcome> {
  const { tx, leased, quota, storage, ctx } = run
  const refusal = storage.findRefusal(place.owner_id)
  const created = refusal ? 0 : await quotaFor(run, place.owner_id, block.valid_rows)
  const isWhole = created === block.valid_rows
  if (created > 0 && !leased.dry_run) {
    const limit = isWhole ? undefined : created
    await createFromRecords(tx, ctx, recordsOfBlock(leased, block), place, limit)
  }
  const over = isWhole ? [] : await listRowsAfter(tx, leased, block, created)
  const reject = rejectWith(refusal ?? quotaExceeded(quota))
  return { created, updated: 0, skipped: 0, rejections: over.map(reject), links: [] }
}

/** Creates, changes or skips a task of each row of a block, by its id. A dry run only counts them. */
async function matchRows(run: Run, block: Block): Promise<BlockOutcome> {
  const { tx, leased, quota, storage, ctx } = run
  const rows = await readRecords<RowRecord>(tx, leased, block)
  const { records, ...placed } = await placeRows(run, rows)
  const saved = await saveMatched(tx, ctx, records, {
    ...placed,
    onConflict: leased.on_conflict ?? 'skip',
    isDryRun: leased.dry_run,
    project_id: leased.project_id,
    quotaFor: (owner_id, wanted) => quotaFor(run, owner_id, wanted),
    findRefusal: storage.findRefusal
  })
  const { taken, over, full, refused, misplaced, links, ...counts } = saved
  const rejections = [
    ...taken.map(({ row, given_id = '' }) => ({
      ...rejectWith(idTaken())(row),
      column: 'id' as const,
      value: given_id
    })),
    ...over.map(({ row }) => rejectWith(quotaExceeded(quota))(row)),
    ...full.map(({ record, problem }) => rejectWith(problem)(record.row)),
    ...refused.map(({ record, problem }) => rejectProject(record, problem)),
    ...misplaced.map(({ record, problem }) => tellMisplaced(record, problem))
  ]
  return { ...counts, rejections, links: links.map(linkOf) }
}

const rejectWith =
  ({ code, message }: Problem) =>
  (row: number): Rejection => ({ row, column: '', code, message, value: null })

/**
 * Returns how many of so many tasks the quota of an owner allows. A dry run also counts those it would have created
 * before; they are the importer's, unless the import is into a project.
 */
async function quotaFor(
  { tx, leased, progress, quota }: Run,
  owner_id: string,
  wanted: number
): Promise<number> {
  const isOfOther = leased.project_id === null && owner_id !== leased.owner_id
  const before = leased.dry_run && !isOfOther ? progress.rows_created : 0
  return Math.max(0, (await remainingQuota(tx, quota, owner_id, before + wanted)) - before)
}

import type { Problem } from '../../core/problem.ts'
import type { Tx } from '../../db/transaction.ts'
import { linkTasks, type MatchedLink, type MatchedRecord } from '../tasks/service.ts'
import { type Block, readRecords } from './block.queries.ts'
import type { Obstacle } from './family.ts'
import type { Rejection } from './faults.ts'
import { PARENT } from './fields.ts'
import type { LeasedImport } from './lease.queries.ts'
import { FIRST_LATER_LINK_BLOCK, type LinkRecord } from './phases.ts'
import type { BlockOutcome, Run } from './run.ts'
import { insertBlock, NO_ROWS } from './staging.queries.ts'

/**
 * Puts tasks below others whose rows came later. A dry run has made none of them, and tells only of parents that no row
 * is.
 */
export async function linkRows({ tx, ctx, leased }: Run, block: Block): Promise<BlockOutcome> {
  const links = await readRecords<LinkRecord>(tx, leased, block)
  const unknown = links.filter(({ name, parent }) => name !== undefined && parent === undefined)
  const known = leased.dry_run ? [] : links.filter((link) => !unknown.includes(link))
  const { changed, misplaced } = await linkTasks(tx, ctx, known)
  const updated = changed.filter(({ isSkipped }) => isSkipped).length
  return {
    created: 0,
    updated,
    skipped: -updated,
    rejections: [
      ...unknown.map(tellUnknown),
      ...misplaced.map(({ record, problem }) => tellMisplaced(record, problem))
    ],
    links: []
  }
}

/** Stores what is to be linked when all rows of an import have been processed. */
export async function keepForLater(
  tx: Tx,
  { owner_id, id }: LeasedImport,
  { block_no }: Block,
  links: LinkRecord[]
): Promise<void> {
  if (links.length > 0) {
    const later = { ...NO_ROWS, block_no: FIRST_LATER_LINK_BLOCK + block_no }
    await insertBlock(tx, owner_id, id, { ...later, tasks: JSON.stringify(links) })
  }
}

/** Returns the link of a row whose task is not below its parent yet. */
export const linkOf = ({
  record: { row, parent, own_parent },
  ...link
}: MatchedLink<MatchedRecord & { row: number }>): LinkRecord => ({
  row,
  ...link,
  ...(parent !== undefined && { parent }),
  ...(own_parent !== undefined && { own_parent })
})

const HIGHER = 'The task is below one further up.'
const AT_TOP = 'The task is not below it.'

/** Tells that a task is imported, but not below the one that its row names. */
export function tellMisplaced(
  { row, name, parent }: { row: number; name?: string; parent?: string },
  problem: Problem
): Rejection {
  const [{ code, detail } = { code: problem.code, detail: problem.message }] =
    problem.extras.errors ?? []
  const message = `${detail} ${code === 'too_deep' ? HIGHER : AT_TOP}`
  return { row, column: PARENT, code, message, value: name ?? parent ?? null }
}

const WHY_UNKNOWN = {
  rejected: 'The row that is the parent is rejected.',
  later: 'The row that is the parent comes later: put it above.'
} satisfies Record<Obstacle, string>

/** Tells that a row names as its parent what no row is, or none that can be. */
export const tellUnknown = ({
  row,
  name = '',
  obstacle
}: Pick<LinkRecord, 'row' | 'name' | 'obstacle'>): Rejection => ({
  row,
  column: PARENT,
  code: 'unknown_parent',
  message: `${obstacle ? WHY_UNKNOWN[obstacle] : 'No other row of the file is the parent.'} ${AT_TOP}`,
  value: name
})

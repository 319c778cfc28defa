import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import type { ProjectDeps } from '../projects/service.ts'
import type { StorageQuota } from '../tasks/service.ts'
import type { Outcome, Progress } from './block.queries.ts'
import type { Rejection } from './faults.ts'
import type { LeasedImport } from './lease.queries.ts'
import type { LinkRecord } from './phases.ts'

/** The processing of one block. */
export interface Run {
  db: Db
  tx: Tx
  leased: LeasedImport
  progress: Progress
  quota: number
  storage: StorageQuota
  config: ProjectDeps['config']
  /** Acts for the owner of the import, with the role that they have now. */
  ctx: RequestContext
}

/** What came of a block, before its rows are counted. */
export interface BlockOutcome extends Omit<Outcome, 'processed' | 'errors'> {
  /** The errors of rows that are rejected, and of those that are imported without their place. */
  rejections: Rejection[]
  /** What is left to be done when all rows have been processed. */
  links: LinkRecord[]
  /** Whether it has added blocks, which come after all that there were. */
  addsBlocks?: boolean
}

/** What came of a block that changes nothing. */
export const NOTHING: BlockOutcome = {
  created: 0,
  updated: 0,
  skipped: 0,
  rejections: [],
  links: []
}

/** Returns what a piece of work returns, or why it is refused. */
export async function refusalOr<T>(work: () => Promise<T>): Promise<T | Problem> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Problem) {
      return error
    }
    throw error
  }
}

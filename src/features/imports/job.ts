import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Config } from '../../config.ts'
import type { Job } from '../../core/job-runner.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { classifyDbError } from '../../db/errors.ts'
import { type StorageLimits, storageQuotaOf } from '../tasks/service.ts'
import { failImport } from './ending.ts'
import { type LeasedImport, leaseImport, releaseImport } from './lease.queries.ts'
import { type BlockWorker, processBlock } from './process-block.ts'

const CONCURRENCY = 2
/** After this the owner who has waited longest is next. */
const RUN_MS = 2000
/** Consecutive failures: a file that cannot be processed, or that kills every worker. */
const MAX_FAILED_ATTEMPTS = 10

export interface ImportJobOptions {
  db: Db
  config: Pick<
    Config,
    'MAX_TASKS_PER_USER' | 'MAX_PROJECTS_PER_USER' | 'DIRECTORY' | 'DATABASE_URL'
  > &
    StorageLimits
  log: Pick<Logger, 'error'>
}

interface Worker extends BlockWorker, Pick<ImportJobOptions, 'log'> {
  isEmbedded: boolean
}

/** Imports staged files: two at a time in each process, one of each owner, a few seconds each in turn. */
export function importJob({ db, config, log }: ImportJobOptions): Job {
  const isEmbedded = config.DATABASE_URL === undefined
  const worker: Worker = {
    db,
    log,
    id: randomUUID(),
    isEmbedded,
    config,
    quota: config.MAX_TASKS_PER_USER,
    storage: storageQuotaOf(db, config)
  }
  return {
    name: 'imports.run',
    concurrency: CONCURRENCY,
    runOnce: (isStopping) => runOnce(worker, isStopping)
  }
}

async function runOnce(worker: Worker, isStopping: () => boolean): Promise<boolean> {
  const { db, id, isEmbedded } = worker
  const leased = await leaseImport(db, id, isEmbedded)
  if (!leased) {
    return false
  }
  if (leased.failed_attempts >= MAX_FAILED_ATTEMPTS) {
    await failImport(db, leased, cannotContinue())
    return true
  }
  try {
    await processBlocks(worker, leased, isStopping)
  } catch (error) {
    await releaseAfter(worker, leased, error)
    throw error
  }
  await releaseImport(db, id, leased, 'more')
  return true
}

/** Releases an import whose run has ended with an error. */
async function releaseAfter(
  { db, log, id }: Worker,
  leased: LeasedImport,
  error: unknown
): Promise<void> {
  const kind = classifyDbError(error)
  if (kind === 'unavailable' || kind === 'retryable') {
    // Held, it would be taken for one whose worker has died, which counts. The release may meet the same trouble.
    await releaseImport(db, id, leased, 'postponed').catch(() => {})
    return
  }
  if (kind === 'unknown_outcome') {
    // It is held until its lease ends, and counts: what breaks the connection each time could be in the import.
    return
  }
  log.error({ err: error, import_id: leased.id }, 'import block failed')
  await releaseImport(db, id, leased, 'failed')
}

const cannotContinue = () =>
  new Problem('internal_error', {
    detail:
      'The import failed repeatedly. Tasks that it had created remain; the log has the error under this request id.'
  })

/** Processes blocks until the time is over. */
async function processBlocks(
  worker: Worker,
  leased: LeasedImport,
  isStopping: () => boolean
): Promise<void> {
  const { isEmbedded } = worker
  const until = performance.now() + RUN_MS
  let startedAt = performance.now()
  while (await processBlock(worker, leased)) {
    if (isStopping() || performance.now() > until) {
      break
    }
    // The embedded database works on this event loop: as much time as a block took goes to the callers.
    if (isEmbedded) {
      await pause(performance.now() - startedAt)
    }
    startedAt = performance.now()
  }
}

import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../../config.ts'
import type { Job } from '../../core/job-runner.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { classifyDbError } from '../../db/errors.ts'
import { processBlock } from './chunk.ts'
import { failImport, type LeasedImport, leaseImport, releaseImport } from './lease.ts'

const SLOTS = 2
/** After this the turn goes to whoever has waited longest. */
const TURN_MS = 2000
/** Turns in a row that came to nothing: a file that cannot be dealt with, or that kills whoever tries. */
const MAX_FAILED_ATTEMPTS = 10

export interface ImportJobOptions {
  db: Db
  config: Pick<Config, 'MAX_TASKS_PER_USER' | 'DATABASE_URL'>
  log: FastifyBaseLogger
}

/** Brings staged files in: two at a time in each process, one of each owner, a few seconds each in turn. */
export function importJob({ db, config, log }: ImportJobOptions): Job {
  const worker_id = randomUUID()
  const isEmbedded = config.DATABASE_URL === undefined

  const runOnce = async (isStopping: () => boolean): Promise<boolean> => {
    const leased = await leaseImport(db, worker_id, isEmbedded)
    if (!leased) {
      return false
    }
    if (leased.failed_attempts >= MAX_FAILED_ATTEMPTS) {
      await failImport(
        db,
        leased,
        new Problem('internal_error', {
          detail:
            'The import could not be carried on. What it had brought in by then is there; the fault is in the log under this request id.'
        })
      )
      return true
    }
    const fault = await workOn(leased, isStopping)
    await releaseImport(db, worker_id, leased, fault !== undefined)
    if (fault !== undefined) {
      throw fault
    }
    return true
  }

  /** Gives the error that ended the turn, unless the database was away: that is nobody's fault. */
  const workOn = async (leased: LeasedImport, isStopping: () => boolean): Promise<unknown> => {
    const until = performance.now() + TURN_MS
    try {
      for (
        let startedAt = performance.now();
        await processBlock(db, worker_id, leased, config.MAX_TASKS_PER_USER);
        startedAt = performance.now()
      ) {
        if (isStopping() || performance.now() > until) {
          break
        }
        // The embedded database works on this event loop: between two chunks as much time belongs to the callers.
        if (isEmbedded) {
          await pause(performance.now() - startedAt)
        }
      }
      return undefined
    } catch (error) {
      const failure = classifyDbError(error)
      if (failure === 'unavailable' || failure === 'unknown_outcome' || failure === 'retryable') {
        throw error
      }
      log.error({ err: error, import_id: leased.id }, 'a chunk of an import failed')
      return error
    }
  }

  return { name: 'imports.run', concurrency: SLOTS, runOnce }
}

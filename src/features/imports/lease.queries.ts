import { type SQL, sql } from 'drizzle-orm'
import { type Problem, problemBody } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { classifyDbError } from '../../db/errors.ts'
import { executeRows } from '../../db/rows.ts'
import { apiPath } from '../../http/api-path.ts'
import type { OnConflict } from './schema.ts'

/**
 * Longer than any transaction of a worker, so that a living one never loses its import between two blocks; the import
 * of a dead one is taken over after this.
 */
export const LEASE_SECONDS = 10
/** Before an import is tried again that could not go on. */
const RETRY_SECONDS = 2

/** How a run of an import has ended: it can go on at once, or after a pause, or it has failed itself, which counts. */
export type RunEnd = 'more' | 'postponed' | 'failed'

export type LeasedImport = {
  owner_id: string
  id: string
  request_id: string
  dry_run: boolean
  /** The project that its tasks go into; null where they are personal, or each row says its own. */
  project_id: string | null
  /** What happens to a row whose task exists; null where rows have no ids. */
  on_conflict: OnConflict | null
  failed_attempts: number
}

/** How many imports are tried, of which others may be faster with some. */
const MAX_CANDIDATES = 8

/**
 * Leases the import whose owner has waited longest: a new one, a released one, or one whose worker has died. Undefined
 * when there is none. A unique index allows one running import per owner. `isAlone` means that no other process can be
 * at work (the embedded database), so that every lease of another worker is left over from an earlier process.
 */
export async function leaseImport(
  db: Db,
  workerId: string,
  isAlone: boolean
): Promise<LeasedImport | undefined> {
  for (const found of await listWaiting(db, workerId, isAlone)) {
    const leased = await leaseOne(db, found, workerId, isAlone)
    if (leased) {
      return leased
    }
  }
  return undefined
}

type ImportKey = Pick<LeasedImport, 'owner_id' | 'id'>

/** Tells that no living worker has the import `i`. */
const isFree = (workerId: string, isAlone: boolean): SQL => sql`
  i.finished_at IS NULL
  AND (
    i.leased_until IS NULL
    OR i.leased_until < now()
    OR (${isAlone} AND i.worker_id <> ${workerId}::uuid)
  )`

/** Tells that the import `i` may run: no other one of its owner does. */
const mayRun = (ownerId: SQL): SQL => sql`
  (
    i.status = 'running'
    OR (
      i.status = 'queued'
      AND NOT EXISTS (
        SELECT FROM task_imports r WHERE r.owner_id = ${ownerId} AND r.status = 'running'
      )
    )
  )`

/** The one statement that reads the imports of all owners; it locks none. */
const listWaiting = (db: Db, workerId: string, isAlone: boolean): Promise<ImportKey[]> =>
  executeRows(
    db,
    sql`
      SELECT i.owner_id, i.id
      FROM task_imports i
      WHERE ${isFree(workerId, isAlone)} AND ${mayRun(sql`i.owner_id`)}
      ORDER BY
        (SELECT max(s.last_run_at) FROM task_imports s WHERE s.owner_id = i.owner_id)
          NULLS FIRST,
        i.created_at,
        i.id
      LIMIT ${MAX_CANDIDATES}`
  )

/** Leases an import if it is still free; never waits for one that somebody changes. */
async function leaseOne(
  db: Db,
  { owner_id, id }: ImportKey,
  workerId: string,
  isAlone: boolean
): Promise<LeasedImport | undefined> {
  try {
    const [leased] = await executeRows<LeasedImport>(
      db,
      sql`
        UPDATE task_imports
        SET
          status = 'running',
          started_at = least(started_at, now()),
          last_run_at = now(),
          worker_id = ${workerId}::uuid,
          leased_until = now() + make_interval(secs => ${LEASE_SECONDS}),
          failed_attempts = failed_attempts + (worker_id IS NOT NULL)::int
        WHERE owner_id = ${owner_id}
          AND id = (
            SELECT i.id
            FROM task_imports i
            WHERE i.owner_id = ${owner_id}
              AND i.id = ${id}
              AND ${isFree(workerId, isAlone)}
              AND ${mayRun(sql`${owner_id}`)}
            FOR UPDATE SKIP LOCKED
          )
        RETURNING owner_id, id, request_id, dry_run, project_id, on_conflict, failed_attempts`
    )
    return leased
  } catch (error) {
    // Another worker has started an import of the same owner at the same time.
    if (classifyDbError(error) === 'unique_violation') {
      return undefined
    }
    throw error
  }
}

/** Releases an import, so that any worker can take it: at once, or after a pause when it could not go on. */
export async function releaseImport(
  db: Db,
  workerId: string,
  { owner_id, id }: LeasedImport,
  end: RunEnd
): Promise<void> {
  await db.execute(sql`
    UPDATE task_imports
    SET
      worker_id = NULL,
      leased_until = ${end === 'more' ? sql`NULL` : sql`now() + make_interval(secs => ${RETRY_SECONDS})`},
      failed_attempts = failed_attempts + ${end === 'failed' ? 1 : 0}::int
    WHERE owner_id = ${owner_id}
      AND id = ${id}
      AND status = 'running'
      AND worker_id = ${workerId}::uuid`)
}

/** Ends a running import as failed, with the reason; returns false when it was not running any more. */
export async function failRunning(
  tx: Db,
  { owner_id, id, request_id }: LeasedImport,
  problem: Problem
): Promise<boolean> {
  const body = JSON.stringify(problemBody(problem, apiPath(`/task-imports/${id}`), request_id))
  const failed = await executeRows(
    tx,
    sql`
    UPDATE task_imports
    SET
      status = 'failed',
      finished_at = now(),
      worker_id = NULL,
      leased_until = NULL,
      problem = ${body}::jsonb
    WHERE owner_id = ${owner_id} AND id = ${id} AND status = 'running'
    RETURNING 1 AS one`
  )
  return failed.length > 0
}

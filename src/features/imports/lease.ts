import { sql } from 'drizzle-orm'
import { type Problem, problemBody } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { classifyDbError } from '../../db/errors.ts'
import { executeRows } from '../../db/rows.ts'

/** Above the longest transaction (4.6 s), so that a living worker never loses its import between two chunks; a dead one's is taken over after this. */
export const LEASE_SECONDS = 10
/** After a turn that came to nothing. */
const PAUSE_SECONDS = 2

export interface LeasedImport {
  owner_id: string
  id: string
  request_id: string
  dry_run: boolean
  failed_attempts: number
}

/**
 * Takes the import whose owner has waited longest since their last turn: a new one, one that gave its turn up, or one whose worker has
 * died. Undefined when there is none. That each owner has one at a time is decided by a unique index, whoever asks. `isAlone` means that
 * no other process can be at work (the embedded database), so that what another process holds is left over from before.
 * The one statement here that looks at the imports of all owners; it never stands in a caller's way.
 */
export async function leaseImport(
  db: Db,
  worker_id: string,
  isAlone: boolean
): Promise<LeasedImport | undefined> {
  try {
    const [leased] = await executeRows<LeasedImport & Record<string, unknown>>(
      db,
      sql`
      update task_imports set status = 'running', started_at = coalesce(started_at, now()), last_run_at = now(), worker_id = ${worker_id}::uuid, leased_until = now() + make_interval(secs => ${LEASE_SECONDS}),
        failed_attempts = failed_attempts + (worker_id is not null)::int
      where (owner_id, id) = (
        select i.owner_id, i.id from task_imports i
        where i.finished_at is null and (i.leased_until is null or i.leased_until < now() or (${isAlone} and i.worker_id <> ${worker_id}::uuid))
          and (i.status = 'running' or (i.status = 'queued' and not exists (select 1 from task_imports r where r.owner_id = i.owner_id and r.status = 'running')))
        order by (select max(s.last_run_at) from task_imports s where s.owner_id = i.owner_id) nulls first, i.created_at, i.id
        limit 1 for update of i skip locked)
      returning owner_id, id, request_id, dry_run, failed_attempts`
    )
    return leased
  } catch (error) {
    // Another worker has started one of the same owner at this very moment.
    if (classifyDbError(error) === 'unique_violation') {
      return undefined
    }
    throw error
  }
}

/** Gives a turn up; whoever is free takes it from here. After a failure not at once. */
export async function releaseImport(
  db: Db,
  worker_id: string,
  { owner_id, id }: LeasedImport,
  hasFailed: boolean
): Promise<void> {
  await db.execute(sql`
    update task_imports set worker_id = null, leased_until = case when ${hasFailed} then now() + make_interval(secs => ${PAUSE_SECONDS}) end, failed_attempts = failed_attempts + ${hasFailed ? 1 : 0}::int
    where owner_id = ${owner_id} and id = ${id} and status = 'running' and worker_id = ${worker_id}::uuid`)
}

/** Ends a running import for good, saying why. */
export async function failImport(
  db: Db,
  { owner_id, id, request_id }: LeasedImport,
  problem: Problem
): Promise<void> {
  const body = JSON.stringify(problemBody(problem, `/api/v1/task-imports/${id}`, request_id))
  await db.execute(
    sql`update task_imports set status = 'failed', finished_at = now(), worker_id = null, leased_until = null, problem = ${body}::jsonb where owner_id = ${owner_id} and id = ${id} and status = 'running'`
  )
}

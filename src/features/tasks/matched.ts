import { sql } from 'drizzle-orm'
import type { Actor, RequestContext } from '../../core/context.ts'
import type { Tx } from '../../db/transaction.ts'
import { insertTaskRecords, type TaskRecord } from './create.queries.ts'
import { DEFAULTS, type FieldName } from './fields.ts'
import { listSeenIds, lockOwnTasks } from './matched.queries.ts'
import { updateMatched } from './matched-update.ts'
import { listTakenIds } from './queries.ts'
import type { Task } from './schema.ts'

/** A task from a file that may be one that the caller has. */
export type MatchedRecord = TaskRecord & {
  /** The id in the file; absent where a row has none, and is a new task. */
  given_id?: string
  /** The id that the task gets when the given one belongs to somebody else. */
  own_id?: string
  /** The fields that the row sets or clears. */
  given?: FieldName[]
}

interface MatchOptions {
  onConflict: 'skip' | 'update' | 'error'
  isDryRun: boolean
  /** Returns how many of so many new tasks the caller may have. */
  quotaFor: (wanted: number) => Promise<number>
}
interface MatchResult<T> {
  created: number
  updated: number
  skipped: number
  /** Those that are rejected because their task exists. */
  taken: T[]
  /** Those that the quota does not allow. */
  over: T[]
}

/**
 * Creates a task of each record, unless the caller has a task with its id: that one is left alone, changed, or reported
 * as taken. A task that somebody else owns and the caller sees exists as well, and stays as it is. Any other id of
 * somebody else's task is like one that is free, except that the new task gets another id, which is the same each time.
 * Ids are locked until the transaction ends, so that two at the same time make one task.
 */
export async function saveMatched<T extends MatchedRecord>(
  tx: Tx,
  ctx: RequestContext<Actor>,
  records: T[],
  options: MatchOptions
): Promise<MatchResult<T>> {
  const result: MatchResult<T> = { created: 0, updated: 0, skipped: 0, taken: [], over: [] }
  const run: Run<T> = { tx, ctx, options, result, imagined: new Map() }
  for (const round of roundsOf(records)) {
    await saveRound(run, round)
  }
  return result
}

interface Run<T> {
  tx: Tx
  ctx: RequestContext<Actor>
  options: MatchOptions
  result: MatchResult<T>
  /** The tasks that a dry run would have made or changed before, by their ids. */
  imagined: Map<string, Task>
}

/**
 * Separates records that may be the same task: the second finds what the first has made. A task may come under the id
 * that it has here and under the one that it had elsewhere.
 */
function roundsOf<T extends MatchedRecord>(records: T[]): T[][] {
  const next = new Map<string, number>()
  const rounds: T[][] = []
  for (const record of records) {
    const { id, given_id = id, own_id = id } = record
    const round = Math.max(next.get(given_id) ?? 0, next.get(own_id) ?? 0)
    next.set(given_id, round + 1).set(own_id, round + 1)
    rounds[round] ??= []
    rounds[round].push(record)
  }
  return rounds
}

async function saveRound<T extends MatchedRecord>(run: Run<T>, records: T[]): Promise<void> {
  const { options, result } = run
  const { fresh, existing, assigned, blocked } = await match(run, records)
  result.taken.push(...blocked)
  // The tasks that a dry run would have made before are not counted by the database.
  const before = options.isDryRun ? result.created : 0
  const room = Math.max(0, (await options.quotaFor(before + fresh.length)) - before)
  result.over.push(...fresh.slice(room).map(({ record }) => record))
  await createFresh(run, fresh.slice(0, room))
  if (options.onConflict === 'error') {
    result.taken.push(...existing.map(({ record }) => record), ...assigned)
    return
  }
  const updated = options.onConflict === 'update' ? await updateExisting(run, existing) : 0
  result.updated += updated
  result.skipped += existing.length + assigned.length - updated
}

interface Match<T> {
  fresh: { record: T; id: string }[]
  existing: { record: T; task: Task }[]
  /** Those whose task is somebody else's, and one that the caller sees. */
  assigned: T[]
  /** Those of which both ids belong to tasks that the caller does not see. */
  blocked: T[]
}

async function match<T extends MatchedRecord>(
  { tx, ctx, imagined }: Run<T>,
  records: T[]
): Promise<Match<T>> {
  const ids = records.flatMap(({ given_id }) => given_id ?? [])
  const ownIds = records.flatMap(({ own_id }) => own_id ?? [])
  const taken = await listTakenIds(tx, [...ids, ...ownIds])
  const own = await lockOwnTasks(tx, ctx.caller.id, [...ids, ...ownIds])
  const assigned = await listSeenIds(tx, ctx.caller.id, [...taken])
  const byId = new Map([...own.map((task) => [task.id, task] as const), ...imagined])
  const result: Match<T> = { fresh: [], existing: [], assigned: [], blocked: [] }
  for (const record of records) {
    const { id, given_id = id, own_id = id } = record
    const task = byId.get(given_id) ?? byId.get(own_id)
    const next = taken.has(given_id) ? own_id : given_id
    if (task) {
      result.existing.push({ record, task })
    } else if (assigned.has(given_id) || assigned.has(own_id)) {
      result.assigned.push(record)
    } else if (taken.has(next)) {
      result.blocked.push(record)
    } else {
      result.fresh.push({ record, id: next })
    }
  }
  return result
}

async function createFresh<T extends MatchedRecord>(
  { tx, ctx, options, result, imagined }: Run<T>,
  fresh: Match<T>['fresh']
): Promise<void> {
  const rows = fresh.map(({ record, id }) => ({ ...record, id }))
  result.created += rows.length
  if (options.isDryRun) {
    for (const row of rows) {
      imagined.set(row.id, imaginedTask(row, ctx.caller.id))
    }
  } else if (rows.length > 0) {
    await insertTaskRecords(tx, ctx, sql`SELECT ${JSON.stringify(rows)}::jsonb`)
  }
}

/** Returns what decides whether a later record changes the task of this one. */
function imaginedTask(record: TaskRecord, owner_id: string): Task {
  const times = { completed_at: record.completed_at ?? null, deleted_at: null }
  return { ...DEFAULTS, ...record, ...times, owner_id } as unknown as Task
}

async function updateExisting<T extends MatchedRecord>(
  { tx, ctx, options, imagined }: Run<T>,
  existing: Match<T>['existing']
): Promise<number> {
  const updated = await updateMatched(tx, ctx, existing, options.isDryRun)
  if (options.isDryRun) {
    for (const task of updated) {
      imagined.set(task.id, task)
    }
  }
  return updated.length
}

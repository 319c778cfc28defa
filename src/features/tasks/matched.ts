import { sql } from 'drizzle-orm'
import type { Actor, Caller, RequestContext } from '../../core/context.ts'
import type { Tx } from '../../db/transaction.ts'
import { buildUpdate, type TaskChangeSet } from './changes.ts'
import { insertTaskRecords, type TaskRecord } from './create.queries.ts'
import { DEFAULTS, FIELD_NAMES, type FieldName } from './fields.ts'
import { lockOwnTasks, setCompletion } from './matched.queries.ts'
import { listTakenIds } from './queries.ts'
import type { Task, TaskUpdate } from './schema.ts'
import { applyChanges } from './update.ts'

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
 * as taken. An id of somebody else's task is like one that is free, except that the new task gets another id, which
 * is the same each time. Ids are locked until the transaction ends, so that two at the same time make one task.
 */
export async function saveMatched<T extends MatchedRecord>(
  tx: Tx,
  ctx: RequestContext<Actor>,
  records: T[],
  options: MatchOptions
): Promise<MatchResult<T>> {
  const result: MatchResult<T> = { created: 0, updated: 0, skipped: 0, taken: [], over: [] }
  for (const round of roundsOf(records)) {
    await saveRound(tx, ctx, round, options, result)
  }
  return result
}

/** Separates records of the same id: the second finds what the first has made. */
function roundsOf<T extends MatchedRecord>(records: T[]): T[][] {
  const seen = new Map<string, number>()
  const rounds: T[][] = []
  for (const record of records) {
    const key = record.given_id ?? record.id
    const round = seen.get(key) ?? 0
    seen.set(key, round + 1)
    rounds[round] ??= []
    rounds[round].push(record)
  }
  return rounds
}

async function saveRound<T extends MatchedRecord>(
  tx: Tx,
  ctx: RequestContext<Actor>,
  records: T[],
  options: MatchOptions,
  result: MatchResult<T>
): Promise<void> {
  const { fresh, existing } = await match(tx, ctx.caller.id, records)
  const room = await options.quotaFor(fresh.length)
  const created = fresh.slice(0, room)
  result.created += created.length
  result.over.push(...fresh.slice(room).map(({ record }) => record))
  if (created.length > 0 && !options.isDryRun) {
    const rows = created.map(({ record, id }) => ({ ...record, id }))
    await insertTaskRecords(tx, ctx, sql`SELECT ${JSON.stringify(rows)}::jsonb`)
  }
  if (options.onConflict === 'error') {
    result.taken.push(...existing.map(({ record }) => record))
    return
  }
  const updated =
    options.onConflict === 'update' ? await updateExisting(tx, ctx, existing, options.isDryRun) : 0
  result.updated += updated
  result.skipped += existing.length - updated
}

interface Match<T> {
  fresh: { record: T; id: string }[]
  existing: { record: T; task: Task }[]
}

async function match<T extends MatchedRecord>(
  tx: Tx,
  owner_id: string,
  records: T[]
): Promise<Match<T>> {
  const ids = records.flatMap(({ given_id }) => given_id ?? [])
  const ownIds = records.flatMap(({ own_id }) => own_id ?? [])
  const taken = await listTakenIds(tx, ids)
  const own = await lockOwnTasks(tx, owner_id, [...ids, ...ownIds])
  const byId = new Map(own.map((task) => [task.id, task]))
  const result: Match<T> = { fresh: [], existing: [] }
  for (const record of records) {
    const { id, given_id = id, own_id = id } = record
    const task = byId.get(given_id) ?? byId.get(own_id)
    if (task) {
      result.existing.push({ record, task })
    } else {
      result.fresh.push({ record, id: taken.has(given_id) ? own_id : given_id })
    }
  }
  return result
}

/** Gives tasks the values of their records, and returns how many differed. A task in the trash stays as it is. */
async function updateExisting<T extends MatchedRecord>(
  tx: Tx,
  ctx: RequestContext<Actor>,
  existing: Match<T>['existing'],
  isDryRun: boolean
): Promise<number> {
  const owner: Caller = {
    id: ctx.caller.id,
    name: ctx.caller.name ?? '',
    role: 'user',
    session_id: ''
  }
  const changes: TaskChangeSet[] = []
  const completions: { id: string; completed_at: string }[] = []
  for (const { record, task } of existing) {
    const change = task.deleted_at === null ? buildUpdate(owner, task, wantedOf(record)) : undefined
    if (change) {
      changes.push(change)
      if ('status' in change.changes && record.completed_at !== undefined) {
        completions.push({ id: task.id, completed_at: record.completed_at })
      }
    }
  }
  if (!isDryRun) {
    await applyChanges(tx, ctx, changes)
    if (completions.length > 0) {
      await setCompletion(tx, ctx.caller.id, completions)
    }
  }
  return changes.length
}

/** Fields that have no column of their own in a file, and the column that says them. */
const SAID_BY = new Map<string, FieldName>([['all_day', 'due_date']])

/** What is not in a record is its default, which JSON leaves out when it is null. */
function wantedOf(record: MatchedRecord): TaskUpdate {
  const values: Record<string, unknown> = { ...DEFAULTS, ...record }
  const given = FIELD_NAMES.filter((name) => record.given?.includes(SAID_BY.get(name) ?? name))
  return Object.fromEntries(given.map((field) => [field, values[field]]))
}

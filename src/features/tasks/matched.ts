import { sql } from 'drizzle-orm'
import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Tx } from '../../db/transaction.ts'
import { createdBy } from './create.queries.ts'
import { insertTaskRecords, type TaskRecord } from './create-records.queries.ts'
import { DEFAULTS, type FieldName } from './fields.ts'
import { listSeenIds, lockTasksIn } from './matched.queries.ts'
import {
  lockListsFor,
  type NewMember,
  type Parented,
  parentIdsOf,
  settleParents
} from './matched-parents.ts'
import { isMisplaced, type MatchedPair, updateMatched } from './matched-update.ts'
import { lookUpIds, type VisibleTask } from './queries.ts'
import type { RecordPlaces } from './record-places.ts'
import { roundsOf } from './record-rounds.ts'
import type { StorageQuota } from './storage-quota.ts'
import type { Place } from './task-projects.ts'

/** A task from a file that may be one that the caller has. */
export type MatchedRecord = TaskRecord &
  Parented & {
    /** The id in the file; absent where a row has none, and is a new task. */
    given_id?: string
    /** The id that the task gets when the given one belongs to somebody else. */
    own_id?: string
    /** Whether it becomes a copy of a task that the caller sees and may not change. */
    is_copy?: boolean
    /** The fields that the row sets or clears. */
    given?: FieldName[]
  }

interface MatchOptions<T> {
  onConflict: 'skip' | 'update' | 'error'
  isDryRun: boolean
  /** The project of records that name none; null for the personal list. */
  project_id: string | null
  places: RecordPlaces
  /** Returns where a new task of a record goes, or why it may not go there. */
  placeOf: (record: T) => Promise<Place | Problem>
  /** Returns how many of so many new tasks an owner may have. */
  quotaFor: (owner_id: string, wanted: number) => Promise<number>
  /** Returns why nothing may be added to the account of an owner. */
  findRefusal: StorageQuota['findRefusal']
}
interface MatchResult<T> {
  created: number
  updated: number
  skipped: number
  /** Those that are rejected because their task exists. */
  taken: T[]
  /** Those that the quota does not allow. */
  over: T[]
  /** Those whose owner stores too much. */
  full: { record: T; problem: Problem }[]
  /** Those whose project the caller may not put tasks into. */
  refused: { record: T; problem: Problem }[]
  /** Those whose task is not below the one that they name, and why. */
  misplaced: { record: T; problem: Problem }[]
  /** Those whose task has still to be put below another one, or at the top level. */
  links: MatchedLink<T>[]
}

export interface MatchedLink<T> {
  record: T
  /** The id of the task. */
  id: string
  /** Whether nothing else of the task has changed, so that it counts as skipped. */
  isSkipped: boolean
}

/**
 * Creates a task of each record, unless the caller, or a project that records go into, has a task with its id: that
 * one is left alone, changed, or reported as taken, and stays where it is. A task that the caller sees elsewhere exists
 * as well, and stays as it is. Any other id of somebody else's task is like one that is free, except that the new task
 * gets another id, which is the same each time. Ids are locked until the transaction ends, so that two at the same time
 * make one task.
 */
export async function saveMatched<T extends MatchedRecord>(
  tx: Tx,
  ctx: RequestContext,
  records: T[],
  options: MatchOptions<T>
): Promise<MatchResult<T>> {
  const counts = { created: 0, updated: 0, skipped: 0 }
  const lists = { taken: [], over: [], full: [], refused: [], misplaced: [], links: [] }
  const result: MatchResult<T> = { ...counts, ...lists }
  const run: Run<T> = { tx, ctx, options, result, imagined: new Map(), made: new Map() }
  if (!options.isDryRun) {
    await lockListsFor(tx, placesOfSubtasks(run, records))
  }
  for (const round of roundsOf(records)) {
    await saveRound(run, round)
  }
  return result
}

/** Returns the lists in which records put tasks below others; in those that are made meanwhile nobody else does. */
const placesOfSubtasks = <T extends MatchedRecord>({ options }: Run<T>, records: T[]): Place[] =>
  records
    .filter((record) => parentIdsOf(record).length > 0)
    .map((record) => options.places.of(record.project_id ?? options.project_id))
    .filter((place): place is Place => !(place instanceof Problem))

interface Run<T> {
  tx: Tx
  ctx: RequestContext
  options: MatchOptions<T>
  result: MatchResult<T>
  /** The tasks that a dry run would have made or changed before, by their ids. */
  imagined: Map<string, MatchedPair['task']>
  /** How many tasks of each owner a dry run would have made before: the database does not count them. */
  made: Map<string, number>
}

async function saveRound<T extends MatchedRecord>(run: Run<T>, records: T[]): Promise<void> {
  const { options, result } = run
  const { fresh, existing, assigned, blocked, known } = await match(run, records)
  result.taken.push(...blocked)
  const placed = withinStorage(run, await placeFresh(run, fresh), ({ owner_id }) => owner_id)
  await createFresh(run, await withinQuota(run, placed), known)
  if (options.onConflict === 'error') {
    result.taken.push(...existing.map(({ record }) => record), ...assigned)
    return
  }
  if (options.onConflict === 'skip') {
    result.skipped += existing.length + assigned.length
    return
  }
  const changeable = withinStorage(run, existing, ({ task }) => task.owner_id)
  const updated = await updateExisting(run, changeable)
  result.updated += updated
  result.skipped += changeable.length + assigned.length - updated
}

/** Returns those whose owner may store more. */
function withinStorage<T extends MatchedRecord, R extends { record: T }>(
  { options, result }: Run<T>,
  given: R[],
  ownerOf: (each: R) => string
): R[] {
  return given.filter((each) => {
    const problem = options.findRefusal(ownerOf(each))
    if (problem) {
      result.full.push({ record: each.record, problem })
    }
    return !problem
  })
}

type Fresh<T> = { record: T; id: string; version: number | undefined }
type Placed<T> = NewMember<T> & Fresh<T>

/** Finds the list of each new task. */
async function placeFresh<T extends MatchedRecord>(
  { options, result }: Run<T>,
  fresh: Fresh<T>[]
): Promise<Placed<T>[]> {
  const placed: Placed<T>[] = []
  for (const each of fresh) {
    const place = await options.placeOf(each.record)
    if (place instanceof Problem) {
      result.refused.push({ record: each.record, problem: place })
    } else {
      placed.push({ ...each, ...place })
    }
  }
  return placed
}

/** Returns the new tasks that the quotas of their owners allow. */
async function withinQuota<T extends MatchedRecord>(
  { options, result, made }: Run<T>,
  placed: Placed<T>[]
): Promise<Placed<T>[]> {
  const byOwner = Map.groupBy(placed, ({ owner_id }) => owner_id)
  const within: Placed<T>[] = []
  for (const [owner, own] of [...byOwner].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const before = made.get(owner) ?? 0
    const room = Math.max(0, (await options.quotaFor(owner, before + own.length)) - before)
    within.push(...own.slice(0, room))
    result.over.push(...own.slice(room).map(({ record }) => record))
  }
  return within
}

interface Match<T> {
  fresh: Fresh<T>[]
  existing: (MatchedPair & { record: T })[]
  /** Those whose task is somebody else's in another list, and one that the caller sees. */
  assigned: T[]
  /** Those of which both ids belong to tasks that the caller does not see. */
  blocked: T[]
  /** Locked tasks by their ids, with those that are named as parents. */
  known: Map<string, MatchedPair['task']>
}

async function match<T extends MatchedRecord>(
  { tx, ctx, options, imagined }: Run<T>,
  records: T[]
): Promise<Match<T>> {
  const ids = records.flatMap(({ given_id }) => given_id ?? [])
  const ownIds = records.flatMap(({ own_id }) => own_id ?? [])
  const { taken, firstVersions } = await lookUpIds(tx, [...ids, ...ownIds])
  const { open, memberRoleIn } = options.places
  const parentIds = options.isDryRun ? [] : records.flatMap(parentIdsOf)
  const own = await lockTasksIn(tx, ctx.caller.id, open, [...ids, ...ownIds, ...parentIds])
  const assigned = await listSeenIds(tx, ctx.caller.id, [...taken])
  const byId = new Map<string, MatchedPair['task']>([
    ...own.map(
      (task) => [task.id, { ...task, member_role: memberRoleIn(task.project_id) }] as const
    ),
    ...imagined
  ])
  const result: Match<T> = { fresh: [], existing: [], assigned: [], blocked: [], known: byId }
  for (const record of records) {
    const { id, given_id = id, own_id = id, is_copy } = record
    const task = byId.get(given_id) ?? byId.get(own_id)
    const next = taken.has(given_id) ? own_id : given_id
    if (task) {
      result.existing.push({ record, task })
    } else if (!is_copy && (assigned.has(given_id) || assigned.has(own_id))) {
      result.assigned.push(record)
    } else if (taken.has(next)) {
      result.blocked.push(record)
    } else {
      result.fresh.push({ record, id: next, version: firstVersions.get(next) })
    }
  }
  return result
}

async function createFresh<T extends MatchedRecord>(
  { tx, ctx, options, result, imagined, made }: Run<T>,
  placed: Placed<T>[],
  known: Match<T>['known']
): Promise<void> {
  const { parents, later, misplaced } = await settleParents(
    tx,
    options.isDryRun ? [] : placed,
    known
  )
  result.misplaced.push(...misplaced)
  result.links.push(...later.map(({ record, id }) => ({ record, id, isSkipped: false })))
  const rows = placed.map(({ record, id, version, project_id, owner_id }) => ({
    ...record,
    id,
    version,
    owner_id,
    project_id,
    parent_id: parents.get(record) ?? null,
    created_by: createdBy(ctx, owner_id)
  }))
  result.created += rows.length
  if (options.isDryRun) {
    for (const row of rows) {
      const member_role = options.places.memberRoleIn(row.project_id)
      imagined.set(row.id, { ...imaginedTask(row), member_role })
      made.set(row.owner_id, (made.get(row.owner_id) ?? 0) + 1)
    }
  } else if (rows.length > 0) {
    const personal = { owner_id: ctx.caller.id, project_id: null }
    await insertTaskRecords(tx, ctx, sql`SELECT ${JSON.stringify(rows)}::jsonb`, personal)
  }
}

/** Returns what decides whether a later record changes the task of this one. */
function imaginedTask(record: TaskRecord): VisibleTask {
  const times = { completed_at: record.completed_at ?? null, deleted_at: null }
  return { ...DEFAULTS, ...record, ...times } as unknown as VisibleTask
}

/** Changes tasks; returns how many, with those of which a dry run would change the parent only. */
async function updateExisting<T extends MatchedRecord>(
  { tx, ctx, options, result, imagined }: Run<T>,
  existing: Match<T>['existing']
): Promise<number> {
  const updated = await updateMatched(tx, ctx, existing, options.isDryRun)
  const changed = new Set(updated.map(({ id }) => id))
  const misplaced = existing.filter(isMisplaced)
  if (options.isDryRun) {
    for (const task of updated) {
      imagined.set(task.id, task)
    }
    return new Set([...changed, ...misplaced.map(({ task }) => task.id)]).size
  }
  const links = misplaced.map(({ record, task: { id } }) => ({ record, id }))
  result.links.push(...links.map((link) => ({ ...link, isSkipped: !changed.has(link.id) })))
  return changed.size
}

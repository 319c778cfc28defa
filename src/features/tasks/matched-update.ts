import type { Caller, RequestContext } from '../../core/context.ts'
import type { Tx } from '../../db/transaction.ts'
import { buildCompletion, buildUpdate, type TaskChangeSet } from './changes.ts'
import type { TaskRecord } from './create-records.queries.ts'
import { DEFAULTS, FIELD_NAMES, type FieldName } from './fields.ts'
import { setCompletion } from './matched.queries.ts'
import { type Parented, parentIdsOf } from './matched-parents.ts'
import type { VisibleTask } from './queries.ts'
import type { Task, TaskUpdate } from './schema.ts'
import { applyChanges } from './update.ts'

/** A record and the task that has its id. */
export interface MatchedPair {
  record: TaskRecord & { given?: FieldName[] }
  task: VisibleTask & { is_open?: boolean }
}

/**
 * Gives tasks the values of their records, with the times at which they were finished, and returns as what tasks those
 * that differed will be. A task in the trash or in an archived project stays as it is.
 */
export async function updateMatched(
  tx: Tx,
  ctx: RequestContext,
  pairs: MatchedPair[],
  isDryRun: boolean
): Promise<Task[]> {
  const changes = pairs.flatMap((pair) => changeOf(ctx.caller, pair) ?? [])
  if (!isDryRun) {
    await applyChanges(
      tx,
      ctx,
      changes.map(({ changeSet }) => changeSet)
    )
    const completions = changes.flatMap(({ becomes: { owner_id, id }, completed_at }) =>
      completed_at === undefined ? [] : { owner_id, id, completed_at }
    )
    if (completions.length > 0) {
      await setCompletion(tx, completions)
    }
  }
  return changes.map(({ becomes }) => becomes)
}

/** Tells whether a record names another parent than its task has, which is to be changed when all tasks are there. */
export function isMisplaced({ record, task }: MatchedPair & { record: Parented }): boolean {
  const isChangeable = task.deleted_at === null && task.is_open !== false
  const ids = parentIdsOf(record)
  return (
    isChangeable &&
    record.given?.includes('parent_id') === true &&
    (ids.length === 0 ? task.parent_id !== null : !ids.includes(task.parent_id ?? ''))
  )
}

interface MatchedChange {
  changeSet: TaskChangeSet
  becomes: Task
  /** Set where the record says when the task was finished. */
  completed_at: string | undefined
}

function changeOf(caller: Caller, { record, task }: MatchedPair): MatchedChange | undefined {
  if (task.deleted_at !== null || task.is_open === false) {
    return undefined
  }
  const wanted = wantedOf(record)
  const becomes: Task = { ...task, ...wanted }
  const { completed_at } = record
  const isOther =
    becomes.status === 'done' && completed_at !== undefined && completed_at !== task.completed_at
  const completion = isOther ? completed_at : undefined
  const changeSet =
    buildUpdate(caller, task, wanted) ??
    (completion === undefined ? undefined : buildCompletion(task, completion))
  return (
    changeSet && {
      changeSet,
      becomes: { ...becomes, completed_at: completion ?? task.completed_at },
      completed_at: completion
    }
  )
}

/** Fields that have no column of their own in a file, and the column that says them. */
const SAID_BY = new Map<string, FieldName>([['all_day', 'due_date']])

/**
 * What is not in a record is its default, which JSON leaves out when it is null. The parent is changed by itself, when
 * all tasks are there.
 */
function wantedOf(record: MatchedPair['record']): TaskUpdate {
  const values: Record<string, unknown> = { ...DEFAULTS, ...record }
  const given = FIELD_NAMES.filter(
    (name) => name !== 'parent_id' && record.given?.includes(SAID_BY.get(name) ?? name)
  )
  return Object.fromEntries(given.map((field) => [field, values[field]]))
}

import { isDeepStrictEqual } from 'node:util'
import type { Actor, Caller, RequestContext } from '../../core/context.ts'
import { Problem, staleVersionProblem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import { etagOf } from '../../http/etag.ts'
import { mustGet } from '../../lib/must-get.ts'
import type { TaskChangeSet } from './changes.ts'
import { recordTaskEvents } from './events.queries.ts'
import { FIELD_NAMES } from './fields.ts'
import { readValuesBefore } from './past-versions.queries.ts'
import { lockTasks, type VisibleTask } from './queries.ts'
import type { Task } from './schema.ts'
import { updateTasks } from './update.queries.ts'

/** The versions that a conditional write accepts; undefined means any. */
export type Versions = number[] | undefined

/** Returns a task that the caller sees, deleted or not, locked until the transaction ends. */
export async function lockTask(tx: Tx, caller: Caller, id: string): Promise<VisibleTask> {
  const [task] = await lockTasks(tx, caller, [id])
  if (!task) {
    throw new Problem('not_found')
  }
  return task
}

/** Applies the change of a locked task; returns the task. */
export async function applyChange(
  tx: Tx,
  ctx: RequestContext,
  changeSet: TaskChangeSet
): Promise<Task> {
  return mustGet(await applyChanges(tx, ctx, [changeSet]), changeSet.change.id)
}

/** Applies changes to locked tasks in two statements: one for the rows, one for the events. Returns the tasks by id. */
export async function applyChanges(
  tx: Tx,
  ctx: RequestContext<Actor>,
  changeSets: TaskChangeSet[]
): Promise<Map<string, Task>> {
  if (changeSets.length === 0) {
    return new Map()
  }
  const changed = await updateTasks(
    tx,
    changeSets.map(({ change }) => change)
  )
  await recordTaskEvents(
    tx,
    ctx,
    changeSets.map(({ change, type, changes }) => ({
      task: mustGet(changed, change.id),
      type,
      changes
    }))
  )
  return changed
}

/** Returns the tag of a task: comments come and go without a new version, and the task shows how many there are. */
export const etagOfTask = ({ version, comment_count }: Task): string =>
  etagOf(version, comment_count)

/** Throws when the task has none of the versions that the caller accepts. */
export async function checkVersion(tx: Db, task: Task, versions: Versions): Promise<void> {
  if (versions === undefined || versions.includes(task.version)) {
    return
  }
  const since = Math.max(...versions)
  throw staleVersionProblem(
    task.version,
    since > 0 && since < task.version ? await fieldsChangedSince(tx, task, since) : [],
    etagOfTask(task)
  )
}

/** Returns the writable fields whose value was another one at `version`; what was changed back is not among them. */
async function fieldsChangedSince(tx: Db, task: Task, version: number): Promise<string[]> {
  const before = await readValuesBefore(tx, task.owner_id, task.id, version)
  return [...before]
    .filter(([field]) => FIELD_NAMES.some((name) => name === field))
    .filter(([field, old]) => !isDeepStrictEqual(old, task[field as keyof Task]))
    .map(([field]) => field)
    .sort()
}

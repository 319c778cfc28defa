import { isDeepStrictEqual } from 'node:util'
import type { Actor, Caller, RequestContext } from '../../core/context.ts'
import { Problem, staleVersionProblem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { type Tx, withRetries, withTransaction } from '../../db/transaction.ts'
import { etagOf } from '../../http/etag.ts'
import { mustGet } from '../../lib/must-get.ts'
import type { ProjectsById } from '../project-access/service.ts'
import { buildDelete, buildRestore, buildUpdate, type TaskChangeSet } from './changes.ts'
import { checkAssignee, checkMember } from './create.ts'
import { listChangesSince, recordTaskEvents } from './events.queries.ts'
import { normalizeFields } from './fields.ts'
import { type FindTask, findProjectOfTask, lockTasks, type VisibleTask } from './queries.ts'
import { assertQuota, assertQuotaFor, type Quota } from './quota.ts'
import type { Task, TaskUpdate } from './schema.ts'
import { addProjectsOf, assertOpen, lockTargets, moveTo, placeIn } from './task-projects.ts'
import { type UpdateTask, updateTasks } from './update.queries.ts'

/** Optimistic attempts before falling back to a row lock. */
const MAX_CONFLICTS = 3

/** The versions that a conditional write accepts; undefined means any. */
export type Versions = number[] | undefined

const DAY_MS = 86_400_000

export interface UpdateDeps {
  db: Db
  quota: Quota
  /** How long a task stays in the trash. */
  retentionDays: number
  findTask: FindTask
  /** Prepared for each kind of change that is made optimistically. */
  updateTask: Record<'task.updated' | 'task.deleted', UpdateTask>
}

/** Returns the change that a task needs; undefined when it needs none. */
type BuildChange = (task: VisibleTask) => TaskChangeSet | undefined

/** A change of one task. */
interface Request {
  id: string
  versions: Versions
  build: BuildChange
  /** The project into which it goes; undefined when it stays where it is. */
  project_id?: string | null | undefined
}

/**
 * Applies the fields that are present. What differs from before becomes one event; when nothing does, nothing is
 * written.
 */
export function updateTask(
  deps: UpdateDeps,
  ctx: RequestContext,
  id: string,
  versions: Versions,
  body: TaskUpdate
): Promise<Task> {
  const wanted = normalizeFields(body)
  const build: BuildChange = (task) => buildUpdate(ctx.caller, task, wanted)
  return changeTask(deps, ctx, { id, versions, build, project_id: wanted.project_id })
}

/** Moves a task into the trash. */
export const deleteTask = (
  deps: UpdateDeps,
  ctx: RequestContext,
  id: string,
  versions: Versions
): Promise<Task> =>
  changeTask(deps, ctx, { id, versions, build: (task) => buildDelete(ctx.caller, task) })

/** Clocks may differ by so much from that of the database, by which tasks are purged. */
const CLOCK_MS = 60_000

/** Tells whether a purge may be at work on a task: it takes several transactions where there are many events. */
const isPurgeable = ({ deleted_at }: Task, days: number): boolean =>
  deleted_at !== null && Date.parse(deleted_at) < Date.now() - days * DAY_MS + CLOCK_MS

/** Moves a task out of the trash; one that is not there is returned as it is, so that a repeated call is harmless. */
export function restoreTask(
  { db, quota, retentionDays }: UpdateDeps,
  ctx: RequestContext,
  id: string,
  versions: Versions
): Promise<Task> {
  return withTransaction(db, async (tx) => {
    const projects = await lockTargets(tx, ctx.caller, [await findProjectOfTask(tx, id)])
    const task = await lockTask(tx, ctx.caller, id)
    if (isPurgeable(task, retentionDays)) {
      throw new Problem('not_found')
    }
    await addProjectsOf(tx, ctx.caller, projects, [task])
    assertOpen(projects, task)
    await checkVersion(tx, task, versions)
    const changeSet = buildRestore(ctx.caller, task)
    if (!changeSet) {
      return task
    }
    quota.storage.assertStorageFor(changeSet)
    await assertQuotaFor(tx, quota.tasks, task.owner_id, 1)
    return applyChange(tx, ctx, changeSet)
  })
}

/**
 * Changes a live task optimistically: reads it and, in one statement, changes it if it still has the same version. That
 * is two round trips, and no connection is held between them. Conflicts take a row lock, and so does a change of the
 * assignee or the project, which must exist until the transaction ends.
 */
async function changeTask(deps: UpdateDeps, ctx: RequestContext, request: Request): Promise<Task> {
  const { id, versions, build } = request
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const task = await deps.findTask(ctx.caller, id)
    if (!task) {
      throw new Problem('not_found')
    }
    await checkVersion(deps.db, task, versions)
    const changeSet = build(task)
    if (!changeSet) {
      return task
    }
    const { type, change, changes } = changeSet
    if ('assignee_id' in changes || 'project_id' in changes) {
      break
    }
    deps.quota.storage.assertStorageFor(changeSet)
    const update = deps.updateTask[type as keyof UpdateDeps['updateTask']]
    const changed = await withRetries(() => update(ctx, task.version, change, changes))
    if (changed) {
      return changed
    }
  }
  return changeLockedTask(deps, ctx, request)
}

const changeLockedTask = (deps: UpdateDeps, ctx: RequestContext, request: Request): Promise<Task> =>
  withTransaction(deps.db, async (tx) => {
    const projects = await lockTargets(tx, ctx.caller, [request.project_id])
    return changeUnderLock(tx, deps, ctx, projects, request)
  })

/** A change of one task that may have to read more before it is known. */
interface LockedRequest extends Pick<Request, 'id' | 'versions'> {
  build: (task: VisibleTask) => TaskChangeSet | undefined | Promise<TaskChangeSet | undefined>
}

/** Locks a live task and changes it; the projects into which it may go are locked already. */
export async function changeUnderLock(
  tx: Tx,
  { quota }: Pick<UpdateDeps, 'quota'>,
  ctx: RequestContext,
  projects: ProjectsById,
  { id, versions, build }: LockedRequest
): Promise<Task> {
  const { caller } = ctx
  const task = await lockTask(tx, caller, id)
  if (task.deleted_at !== null) {
    throw new Problem('not_found')
  }
  await addProjectsOf(tx, caller, projects, [task])
  assertOpen(projects, task)
  await checkVersion(tx, task, versions)
  const changeSet = await build(task)
  if (!changeSet) {
    return task
  }
  const { change, changes } = changeSet
  if ('project_id' in changes) {
    moveTo(changeSet, placeIn(projects, caller, change.project_id, ''))
  }
  quota.storage.assertStorageFor(changeSet)
  if (change.new_owner_id !== undefined) {
    await assertQuota(tx, quota, change.new_owner_id)
  }
  if ('assignee_id' in changes) {
    await checkAssignee(tx, change)
  } else if ('project_id' in changes) {
    await checkMember(tx, change)
  }
  return applyChange(tx, ctx, changeSet)
}

async function lockTask(tx: Tx, caller: Caller, id: string): Promise<VisibleTask> {
  const [task] = await lockTasks(tx, caller, [id])
  if (!task) {
    throw new Problem('not_found')
  }
  return task
}

async function applyChange(tx: Tx, ctx: RequestContext, changeSet: TaskChangeSet): Promise<Task> {
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
    changeSets.map(({ change: { id }, type, changes }) => {
      const { owner_id, version } = mustGet(changed, id)
      return { owner_id, task_id: id, version, type, changes }
    })
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

/** Returns the fields whose value was another one at `version`; a field that was changed back is not among them. */
async function fieldsChangedSince(tx: Db, task: Task, version: number): Promise<string[]> {
  const before = new Map<string, unknown>()
  for (const { changes } of await listChangesSince(tx, task.owner_id, task.id, version)) {
    for (const [field, { old }] of Object.entries(changes)) {
      if (!before.has(field)) {
        before.set(field, old)
      }
    }
  }
  return [...before]
    .filter(([field, old]) => !isDeepStrictEqual(old, task[field as keyof Task]))
    .map(([field]) => field)
    .sort()
}

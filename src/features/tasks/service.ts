import { isDeepStrictEqual } from 'node:util'
import { type SQL, sql } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import type { Caller, Origin } from '../../core/context.ts'
import { recordTaskEvents } from '../../core/events.ts'
import { invalidField, Problem, staleVersionProblem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { withRetries, withTransaction } from '../../db/transaction.ts'
import {
  buildDelete,
  buildRestore,
  buildUpdate,
  normalizeTask,
  type TaskChangeSet
} from './changes.ts'
import {
  changeTasks,
  countUnderLock,
  type FindTask,
  insertTaskRows,
  insertTasks,
  listAssignable,
  listChangesSince,
  listTakenIds,
  lockTasks,
  prepareChangeTask,
  prepareMakeTask,
  type TaskRow,
  unassign
} from './queries.ts'
import type { Task, TaskCreate, TaskUpdate } from './schema.ts'

/** Who changes something, in which request, and how many tasks an owner may hold (0: any number). */
export interface TaskContext {
  caller: Caller
  origin: Origin
  quota: number
}
/** A statement takes 65 535 parameters, and a row of history has nine. */
const MAX_EVENTS = 5000

/** So often a change starts again because another one came between; then it waits in line. */
const MAX_CONFLICTS = 3

/** What a new task has when its maker says nothing. */
const DEFAULTS = {
  assignee_id: null,
  description: null,
  status: 'todo',
  priority: 'medium',
  due_date: null,
  tags: []
} satisfies Partial<Task>

/** The versions a conditional write may meet; undefined means any. */
export type Versions = number[] | undefined

/** Makes one task of the caller's own with its first history row. Runs in the caller's transaction. */
export async function createTask(tx: Db, act: TaskContext, given: TaskCreate): Promise<Task> {
  const body = normalizeTask(given)
  if (body.id !== undefined && (await listTakenIds(tx, [body.id])).has(body.id)) {
    throw idTaken()
  }
  await checkAssignee(tx, body.assignee_id)
  if ((await remainingQuota(tx, act.quota, act.caller.id, 1)) < 1) {
    throw quotaExceeded(act.quota)
  }
  const [task] = await insertBodies(tx, act, [body])
  return task as Task
}

/**
 * Makes a task in a statement of its own when nothing has to be checked or kept beside it, which is the usual case:
 * one round trip instead of four. Else in a transaction.
 */
export function createTaskMaker(db: Db) {
  const makeTask = prepareMakeTask(db)
  return async (act: TaskContext, given: TaskCreate): Promise<Task> => {
    if (given.id !== undefined || given.assignee_id != null || act.quota > 0) {
      return withTransaction(db, (tx) => createTask(tx, act, given))
    }
    const draft = { ...DEFAULTS, ...normalizeTask(given), id: uuidv7(), owner_id: act.caller.id }
    return withRetries(() => makeTask(draft, act.origin))
  }
}

/** Inserts tasks that have been checked: one statement for the rows, one for their history. */
export async function insertBodies(
  tx: Db,
  { caller, origin }: TaskContext,
  bodies: TaskCreate[]
): Promise<Task[]> {
  if (bodies.length === 0) {
    return []
  }
  const created = await insertTasks(
    tx,
    bodies.map((body) => ({
      ...DEFAULTS,
      ...body,
      id: body.id ?? uuidv7(),
      owner_id: caller.id,
      completed_at: body.status === 'done' ? sql`now()` : null
    }))
  )
  await recordTaskEvents(
    tx,
    origin,
    ...created.map(({ owner_id, id, version }) => ({
      owner_id,
      task_id: id,
      version,
      type: 'task.created' as const
    }))
  )
  return created
}

export type { TaskRow } from './queries.ts'

/** A new task in the one spelling in which it is stored, with every field that it can be given by itself. */
export function toRow(given: TaskCreate, id: string, event_id: string): TaskRow {
  const { title, description, status, priority, due_date, tags } = {
    ...DEFAULTS,
    ...normalizeTask(given)
  }
  return { id, event_id, title, description, status, priority, due_date, tags }
}

/**
 * Makes tasks of an owner from rows that stand in the database as `TaskRow`s and were judged before; gives how many.
 * Runs in the caller's transaction, which has asked `quotaRoom`.
 */
export const createMany = (tx: Db, owner_id: string, origin: Origin, rows: SQL): Promise<number> =>
  insertTaskRows(tx, owner_id, origin, rows)

/** Changes and deletes single tasks, which it reads by `findTask`. */
export function createTaskChanger(db: Db, findTask: FindTask) {
  const change = createOneChange(db, findTask)
  return {
    /** Applies the fields that are present. What differs from before becomes one history row; when nothing does, nothing is written. */
    updateTask(act: TaskContext, id: string, versions: Versions, body: TaskUpdate): Promise<Task> {
      const wanted = normalizeTask(body)
      return change(act, id, versions, (task) => buildUpdate(act.caller, task, wanted))
    },
    /** Puts a task into the trash. */
    deleteTask: (act: TaskContext, id: string, versions: Versions): Promise<Task> =>
      change(act, id, versions, (task) => buildDelete(act.caller, task))
  }
}

/**
 * Reads, plans, and changes in one statement what is still as it was read: two round trips instead of five, and no
 * connection held between them. Whoever meets others at the same task too often takes a lock on it, as does a change
 * of the assignee, whose account must stay until the transaction ends.
 */
function createOneChange(db: Db, findTask: FindTask) {
  const statements = {
    'task.updated': prepareChangeTask(db, 'task.updated'),
    'task.deleted': prepareChangeTask(db, 'task.deleted')
  }

  return async (
    act: TaskContext,
    id: string,
    versions: Versions,
    plan: (task: Task) => TaskChangeSet | undefined
  ): Promise<Task> => {
    for (let meetings = 0; meetings < MAX_CONFLICTS; meetings++) {
      const task = await findTask(act.caller, id)
      if (!task) {
        throw new Problem('not_found')
      }
      await checkVersion(db, task, versions)
      const planned = plan(task)
      if (!planned) {
        return task
      }
      if ('assignee_id' in planned.changes) {
        break
      }
      const changed = await withRetries(() =>
        statements[planned.type as keyof typeof statements](
          planned.change,
          task.version,
          planned.changes,
          act.origin
        )
      )
      if (changed) {
        return changed
      }
    }
    return withTransaction(db, async (tx) => {
      const [task] = await lockTasks(tx, act.caller, [id])
      if (!task || task.deleted_at !== null) {
        throw new Problem('not_found')
      }
      await checkVersion(tx, task, versions)
      const planned = plan(task)
      if (!planned) {
        return task
      }
      if ('assignee_id' in planned.changes) {
        await checkAssignee(tx, planned.change.assignee_id)
      }
      return applyOne(tx, act, planned)
    })
  }
}

/** Takes a task out of the trash; one that is not there is given back as it is, so that a repeated call is harmless. */
export function restoreTask(
  db: Db,
  act: TaskContext,
  id: string,
  versions: Versions
): Promise<Task> {
  return withTransaction(db, async (tx) => {
    const [task] = await lockTasks(tx, act.caller, [id])
    if (!task) {
      throw new Problem('not_found')
    }
    await checkVersion(tx, task, versions)
    const planned = buildRestore(act.caller, task)
    if (!planned) {
      return task
    }
    if ((await remainingQuota(tx, act.quota, task.owner_id, 1)) < 1) {
      throw quotaExceeded(act.quota)
    }
    return applyOne(tx, act, planned)
  })
}

/** Takes an account that is about to go off the tasks of others. Runs in the caller's transaction, which holds the lock on the account. */
export async function unassignUser(tx: Db, origin: Origin, user_id: string): Promise<void> {
  const released = await unassign(tx, user_id)
  const changes = { assignee_id: { old: user_id, new: null } }
  for (let i = 0; i < released.length; i += MAX_EVENTS) {
    await recordTaskEvents(
      tx,
      origin,
      ...released.slice(i, i + MAX_EVENTS).map(({ owner_id, id, version }) => ({
        owner_id,
        task_id: id,
        version,
        type: 'task.updated' as const,
        changes
      }))
    )
  }
}

/** Carries out what was planned for locked tasks: one statement for the rows, one for their history. */
export async function applyChanges(
  tx: Db,
  { origin }: TaskContext,
  planned: TaskChangeSet[]
): Promise<Map<string, Task>> {
  if (planned.length === 0) {
    return new Map()
  }
  const changed = await changeTasks(
    tx,
    planned.map(({ change }) => change)
  )
  await recordTaskEvents(
    tx,
    origin,
    ...planned.map(({ change: { owner_id, id }, type, changes }) => ({
      owner_id,
      task_id: id,
      version: (changed.get(id) as Task).version,
      type,
      changes
    }))
  )
  return changed
}

/** Refuses when the task has moved on from every version that the caller would accept. */
export async function checkVersion(tx: Db, task: Task, versions: Versions): Promise<void> {
  if (versions === undefined || versions.includes(task.version)) {
    return
  }
  const since = Math.max(...versions)
  throw staleVersionProblem(
    task.version,
    since > 0 && since < task.version ? await fieldsChangedSince(tx, task, since) : []
  )
}

/** For how many more tasks, up to those wanted, an owner has room. The count stays true until the transaction ends. */
export async function remainingQuota(
  tx: Db,
  quota: number,
  owner_id: string,
  wanted: number
): Promise<number> {
  if (quota === 0 || wanted === 0) {
    return wanted
  }
  return Math.min(wanted, quota - (await countUnderLock(tx, owner_id, quota)))
}

export const quotaExceeded = (quota: number) =>
  new Problem('quota_exceeded', {
    detail: `An account may hold ${quota} tasks. Delete some first.`
  })
export const idTaken = () =>
  new Problem('id_taken', {
    detail: 'A task with this id exists. Ids are yours to make, but each only once.'
  })

async function checkAssignee(tx: Db, assignee_id: string | null | undefined): Promise<void> {
  if (assignee_id != null && !(await listAssignable(tx, [assignee_id])).has(assignee_id)) {
    throw invalidField(
      'body',
      '/assignee_id',
      'unknown_user',
      'assignee_id is not the id of a user.'
    )
  }
}

async function applyOne(tx: Db, act: TaskContext, planned: TaskChangeSet): Promise<Task> {
  return (await applyChanges(tx, act, [planned])).get(planned.change.id) as Task
}

/** The fields whose value then is not their value now; one that was changed and changed back is not among them. */
async function fieldsChangedSince(tx: Db, task: Task, version: number): Promise<string[]> {
  const then = new Map<string, unknown>()
  for (const { changes } of await listChangesSince(tx, task.owner_id, task.id, version)) {
    for (const [field, { old }] of Object.entries(changes)) {
      if (!then.has(field)) {
        then.set(field, old)
      }
    }
  }
  return [...then]
    .filter(([field, old]) => !isDeepStrictEqual(old, task[field as keyof Task]))
    .map(([field]) => field)
    .sort()
}

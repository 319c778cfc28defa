import { isDeepStrictEqual } from 'node:util'
import { sql } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import type { Caller, Origin } from '../../core/caller.ts'
import { record, type TaskEventType } from '../../core/events.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import type { Changes } from '../../db/tables/task-events.ts'
import { transact } from '../../db/transact.ts'
import { canonicalInstant } from '../../lib/instant.ts'
import { staleVersion } from '../../plugins/etag.ts'
import { changeTask, insertTask, isEnabledUser, isIdTaken, listChangesSince, lockTask, type TaskChange } from './queries.ts'
import type { Task, TaskCreate, TaskUpdate } from './schema.ts'

/** Who changes something, and in which request. */
export interface Act { caller: Caller, origin: Origin }
/** The versions a conditional write may meet; undefined means any. */
export type Versions = number[] | undefined

/** Makes a task of the caller's own, with its first history row. */
export async function createTask (db: Db, { caller, origin }: Act, body: TaskCreate): Promise<Task> {
  const { id, status = 'todo', ...fields } = canonical(body)
  return transact(db, async (tx) => {
    if (id !== undefined && await isIdTaken(tx, id)) throw new Problem('id_taken', { detail: 'A task with this id exists. Ids are yours to make, but each only once.' })
    await checkAssignee(tx, fields.assignee_id)
    const task = await insertTask(tx, {
      priority: 'medium', tags: [], ...fields, status, id: id ?? uuidv7(), owner_id: caller.id, completed_at: status === 'done' ? sql`now()` : null
    })
    await record(tx, origin, { owner_id: task.owner_id, task_id: task.id, version: task.version, type: 'task.created' })
    return task
  })
}

/** Applies the fields that are present. What differs from before becomes one history row; when nothing does, nothing is written. */
export async function updateTask (db: Db, act: Act, id: string, versions: Versions, body: TaskUpdate): Promise<Task> {
  const wanted = canonical(body)
  return transact(db, async (tx) => {
    const task = await lockLive(tx, act.caller, id, versions)
    const changes = differences(task, wanted)
    if (Object.keys(changes).length === 0) return task
    if ('assignee_id' in changes) await checkAssignee(tx, wanted.assignee_id)
    const isFinished = wanted.status === 'done'
    const change: TaskChange = { ...wanted, ...('status' in changes && { completed_at: isFinished ? sql`now()` : null }) }
    return changeAndRecord(tx, act, task, change, 'task.updated', changes)
  })
}

/** Puts a task into the trash. */
export async function deleteTask (db: Db, act: Act, id: string, versions: Versions): Promise<void> {
  await transact(db, async (tx) => {
    const task = await lockLive(tx, act.caller, id, versions)
    await changeAndRecord(tx, act, task, { deleted_at: sql`now()` }, 'task.deleted')
  })
}

/** Takes a task out of the trash; one that is not there is given back as it is, so that a repeated call is harmless. */
export async function restoreTask (db: Db, act: Act, id: string, versions: Versions): Promise<Task> {
  return transact(db, async (tx) => {
    const task = await lockTask(tx, act.caller.id, id)
    if (!task) throw new Problem('not_found')
    await checkVersion(tx, task, versions)
    return task.deleted_at === null ? task : changeAndRecord(tx, act, task, { deleted_at: null }, 'task.restored')
  })
}

async function lockLive (tx: Db, caller: Caller, id: string, versions: Versions): Promise<Task> {
  const task = await lockTask(tx, caller.id, id)
  if (!task || task.deleted_at !== null) throw new Problem('not_found')
  await checkVersion(tx, task, versions)
  return task
}

async function changeAndRecord (tx: Db, { origin }: Act, { owner_id, id }: Task, change: TaskChange, type: TaskEventType, changes: Changes = {}): Promise<Task> {
  const task = await changeTask(tx, owner_id, id, change)
  await record(tx, origin, { owner_id, task_id: id, version: task.version, type, changes })
  return task
}

async function checkVersion (tx: Db, task: Task, versions: Versions): Promise<void> {
  if (versions === undefined || versions.includes(task.version)) return
  const since = Math.max(...versions)
  throw staleVersion(task.version, since > 0 && since < task.version ? await fieldsChangedSince(tx, task, since) : [])
}

/** The fields whose value then is not their value now; one that was changed and changed back is not among them. */
async function fieldsChangedSince (tx: Db, task: Task, version: number): Promise<string[]> {
  const then = new Map<string, unknown>()
  for (const { changes } of await listChangesSince(tx, task.owner_id, task.id, version)) {
    for (const [field, { old }] of Object.entries(changes)) if (!then.has(field)) then.set(field, old)
  }
  return [...then].filter(([field, old]) => !isDeepStrictEqual(old, task[field as keyof Task])).map(([field]) => field).sort()
}

async function checkAssignee (tx: Db, assignee_id: string | null | undefined): Promise<void> {
  if (assignee_id != null && !await isEnabledUser(tx, assignee_id)) throw invalidField('body', '/assignee_id', 'unknown_user', 'assignee_id is not the id of a user.')
}

/** The one spelling in which a value is compared and stored. */
function canonical<T extends TaskUpdate & { id?: string }> (body: T): T {
  return {
    ...body,
    ...(body.id !== undefined && { id: body.id.toLowerCase() }),
    ...(body.title !== undefined && { title: body.title.trim() }),
    ...(typeof body.due_date === 'string' && { due_date: canonicalInstant(body.due_date) }),
    ...(typeof body.assignee_id === 'string' && { assignee_id: body.assignee_id.toLowerCase() }),
    ...(body.tags !== undefined && { tags: [...new Set(body.tags.map((tag) => tag.trim()))] })
  }
}

function differences (task: Task, wanted: TaskUpdate): Changes {
  const entries = Object.entries(wanted).filter(([field, value]) => !isDeepStrictEqual(value, task[field as keyof Task]))
  return Object.fromEntries(entries.map(([field, value]) => [field, { old: task[field as keyof Task], new: value }]))
}

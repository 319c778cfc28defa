import { isDeepStrictEqual } from 'node:util'
import type { Caller } from '../../core/context.ts'
import type { TaskEventType } from '../../core/events.ts'
import { Problem } from '../../core/problem.ts'
import type { Changes } from '../../db/tables/task-events.ts'
import { normalizeTimestamp } from '../../lib/timestamp.ts'
import { isManager } from './access.ts'
import type { TaskChange } from './queries.ts'
import type { Task, TaskUpdate } from './schema.ts'

/** What is to happen to a locked task: the row it becomes and the fact that is remembered. */
export interface TaskChangeSet {
  change: TaskChange
  type: TaskEventType
  changes: Changes
}

/** The one spelling in which a value is compared and stored. */
export function normalizeTask<T extends TaskUpdate & { id?: string }>(body: T): T {
  return {
    ...body,
    ...(body.id !== undefined && { id: body.id.toLowerCase() }),
    ...(body.title !== undefined && { title: body.title.trim() }),
    ...(typeof body.due_date === 'string' && { due_date: normalizeTimestamp(body.due_date) }),
    ...(typeof body.assignee_id === 'string' && { assignee_id: body.assignee_id.toLowerCase() }),
    ...(body.tags !== undefined && { tags: [...new Set(body.tags.map((tag) => tag.trim()))] })
  }
}

/** The change that makes the task as it is wanted; undefined when it already is. An assignee may move it on, nothing else. */
export function buildUpdate(
  caller: Caller,
  task: Task,
  wanted: TaskUpdate
): TaskChangeSet | undefined {
  const changes = differences(task, wanted)
  const fields = Object.keys(changes)
  if (fields.length === 0) {
    return undefined
  }
  if (!mayEdit(caller, task) && fields.some((field) => field !== 'status')) {
    throw new Problem('not_allowed', {
      detail: "A task that is assigned to you is somebody else's: you may change its status."
    })
  }
  const completion = !('status' in changes) ? 'keep' : wanted.status === 'done' ? 'now' : 'never'
  return { change: changeOf(task, wanted, completion, 'keep'), type: 'task.updated', changes }
}

/** Into the trash. */
export function buildDelete(caller: Caller, task: Task): TaskChangeSet {
  if (!mayEdit(caller, task)) {
    throw new Problem('not_allowed', {
      detail: "A task that is assigned to you is somebody else's to delete."
    })
  }
  return { change: changeOf(task, {}, 'keep', 'now'), type: 'task.deleted', changes: {} }
}

/** Out of the trash; undefined when it is not there. */
export function buildRestore(caller: Caller, task: Task): TaskChangeSet | undefined {
  if (!mayEdit(caller, task)) {
    throw new Problem('not_allowed')
  }
  return task.deleted_at === null
    ? undefined
    : { change: changeOf(task, {}, 'keep', 'never'), type: 'task.restored', changes: {} }
}

const mayEdit = (caller: Caller, task: Task): boolean =>
  task.owner_id === caller.id || isManager(caller)

function changeOf(
  task: Task,
  wanted: TaskUpdate,
  completion: TaskChange['completion'],
  deletion: TaskChange['deletion']
): TaskChange {
  const { owner_id, id, title, description, status, priority, due_date, tags, assignee_id } = {
    ...task,
    ...wanted
  }
  return {
    owner_id,
    id,
    title,
    description,
    status,
    priority,
    due_date,
    tags,
    assignee_id,
    completion,
    deletion
  }
}

function differences(task: Task, wanted: TaskUpdate): Changes {
  const entries = Object.entries(wanted).filter(
    ([field, value]) => !isDeepStrictEqual(value, task[field as keyof Task])
  )
  return Object.fromEntries(
    entries.map(([field, value]) => [field, { old: task[field as keyof Task], new: value }])
  )
}

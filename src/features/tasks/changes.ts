import { isDeepStrictEqual } from 'node:util'
import type { Caller } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Changes } from '../../db/tables/task-events.ts'
import { mayIn, roleIn } from '../project-access/service.ts'
import { settleAllDay } from './due-date.fields.ts'
import type { TaskEventType } from './events.queries.ts'
import { FIELD_NAMES, type FieldValues } from './fields.ts'
import type { VisibleTask } from './queries.ts'
import type { Task, TaskUpdate } from './schema.ts'
import type { TaskChange } from './update.queries.ts'

/** What is to happen to a task: the row that it becomes and the event that says so. */
export interface TaskChangeSet {
  change: TaskChange
  type: TaskEventType
  changes: Changes
}

/**
 * Builds the change that gives a task the normalized values of `given`, which stand at `pointer` in the body; undefined
 * when it has them. An assignee may change the status and nothing else.
 */
export function buildUpdate(
  caller: Caller,
  task: VisibleTask,
  given: TaskUpdate,
  pointer = ''
): TaskChangeSet | undefined {
  const wanted = settleAllDay(task, given, pointer)
  const changes = differences(task, wanted)
  const fields = Object.keys(changes)
  if (fields.length === 0) {
    return undefined
  }
  if (!mayEdit(caller, task)) {
    assertAssignees(caller, task, changes)
  }
  const change = changeOf(task, wanted)
  if ('status' in changes) {
    change.completion = wanted.status === 'done' ? 'now' : 'never'
  }
  return { change, type: 'task.updated', changes }
}

/** Builds the change that puts a task at another position, if it has one, perhaps with other values. */
export function buildMove(
  caller: Caller,
  task: VisibleTask,
  wanted: TaskUpdate,
  position: string | undefined
): TaskChangeSet | undefined {
  const changeSet = buildUpdate(caller, task, wanted)
  if (position === undefined) {
    return changeSet
  }
  const { change, changes } = changeSet ?? { change: changeOf(task), changes: {} }
  return {
    change: { ...change, position },
    type: 'task.moved',
    changes: { ...changes, position: { old: task.position, new: position } }
  }
}

/** Throws when the caller may not choose the place of a task. */
export function assertMayMove(caller: Caller, task: VisibleTask): void {
  if (!mayEdit(caller, task)) {
    throw new Problem('not_allowed', { detail: `${standingOf(caller, task)} You may not move it.` })
  }
}

/** Builds the change that says of a done task when it was finished; the time itself is set afterwards. */
export function buildCompletion(task: Task, completed_at: string): TaskChangeSet {
  const changes = { completed_at: { old: task.completed_at, new: completed_at } }
  return { change: changeOf(task), type: 'task.updated', changes }
}

/** Builds the change that moves a task into the trash. */
export function buildDelete(caller: Caller, task: VisibleTask): TaskChangeSet {
  if (!mayEdit(caller, task)) {
    throw new Problem('not_allowed', {
      detail: `${standingOf(caller, task)} You may not delete it.`
    })
  }
  return { change: { ...changeOf(task), deletion: 'now' }, type: 'task.deleted', changes: {} }
}

/** Builds the change that moves a task out of the trash; undefined when it is not there. */
export function buildRestore(caller: Caller, task: VisibleTask): TaskChangeSet | undefined {
  if (!mayEdit(caller, task)) {
    throw new Problem('not_allowed')
  }
  return task.deleted_at === null
    ? undefined
    : { change: { ...changeOf(task), deletion: 'never' }, type: 'task.restored', changes: {} }
}

/** Lifts a task to the top level, as a part of its change. */
export function leaveParent({ change, changes }: TaskChangeSet): void {
  if (change.parent_id !== null) {
    changes.parent_id = { old: change.parent_id, new: null }
    change.parent_id = null
  }
}

/** Owners, managers, and the editors of its project may do anything with a task. */
const mayEdit = (caller: Caller, { owner_id, member_role = null }: VisibleTask): boolean =>
  owner_id === caller.id || mayIn(roleIn(caller, { owner_id, member_role }), 'editTasks')

/** Lets an assignee change the status, or give the task back, and nothing else. */
function assertAssignees(caller: Caller, task: VisibleTask, changes: Changes): void {
  if (task.assignee_id !== caller.id) {
    throw new Problem('not_allowed', {
      detail: `${standingOf(caller, task)} You may not change it.`
    })
  }
  const isGivenBack = changes.assignee_id?.new === null
  if (Object.keys(changes).some((field) => field !== (isGivenBack ? 'assignee_id' : 'status'))) {
    throw new Problem('not_allowed', {
      detail: `${standingOf(caller, task)} You may change only its status, or set assignee_id to null.`
    })
  }
}

const standingOf = (caller: Caller, { assignee_id, project_id }: VisibleTask): string =>
  assignee_id === caller.id && project_id === null
    ? 'This task is assigned to you but not yours.'
    : 'You are a viewer of the project of this task.'

function changeOf(task: Task, wanted: TaskUpdate = {}): TaskChange {
  const values = { ...task, ...wanted }
  const fields = Object.fromEntries(FIELD_NAMES.map((name) => [name, values[name]]))
  return {
    ...(fields as FieldValues),
    owner_id: task.owner_id,
    id: task.id,
    completion: 'keep',
    deletion: 'keep'
  }
}

function differences(task: Task, wanted: TaskUpdate): Changes {
  const changes: Changes = {}
  for (const [field, value] of Object.entries(wanted)) {
    const old = task[field as keyof Task]
    if (!isDeepStrictEqual(value, old)) {
      changes[field] = { old, new: value }
    }
  }
  return changes
}

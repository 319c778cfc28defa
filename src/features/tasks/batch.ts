import { invalidField, Problem, problemBody } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import type { TaskBatch, TaskBatchItem, TaskBatchOperation } from './batch.schema.ts'
import { buildDelete, buildUpdate, normalizeTask, type TaskChangeSet } from './changes.ts'
import { listAssignable, listTakenIds, lockTasks } from './queries.ts'
import type { Task, TaskCreate, TaskUpdate } from './schema.ts'
import {
  applyChanges,
  checkVersion,
  idTaken,
  insertBodies,
  quotaExceeded,
  remainingQuota,
  type TaskContext
} from './service.ts'

/** What becomes of one operation before anything is written. */
type Step =
  | { draft: TaskCreate }
  | { planned: TaskChangeSet }
  | { unchanged: Task }
  | { problem: Problem }
/** What all operations of a batch are judged by, read at once. */
interface Sight {
  tx: Db
  act: TaskContext
  tasks: Map<string, Task>
  taken: Set<string>
  assignable: Set<string>
  seen: Set<string>
  room: number
}

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/**
 * Carries out up to a hundred operations with a handful of statements, whatever their number: lock, judge, insert,
 * change, record. Locks are taken in the order of ids, so batches on the same tasks cannot deadlock. Atomic: the first
 * refusal refuses the batch and points to its operation. Otherwise each refusal is one item's result.
 */
export async function runBatch(
  tx: Db,
  act: TaskContext,
  { atomic = true, operations }: TaskBatch,
  requestId: string
): Promise<TaskBatchItem[]> {
  const sight = await look(tx, act, operations)
  const steps: Step[] = []
  for (const [i, operation] of operations.entries()) {
    const step = await judge(sight, operation, `/operations/${i}`)
    if (atomic && 'problem' in step) {
      throw step.problem
    }
    steps.push(step)
  }
  const created = await insertBodies(
    tx,
    act,
    steps.flatMap((step) => ('draft' in step ? step.draft : []))
  )
  const changed = await applyChanges(
    tx,
    act,
    steps.flatMap((step) => ('planned' in step ? step.planned : []))
  )
  const next = created.values()
  return steps.map((step) => {
    if ('problem' in step) {
      return {
        status: step.problem.statusCode,
        problem: problemBody(step.problem, '/api/v1/task-batches', requestId)
      }
    }
    if ('draft' in step) {
      return { status: 201, task: next.next().value as Task }
    }
    if ('unchanged' in step) {
      return { status: 200, task: step.unchanged }
    }
    return step.planned.type === 'task.deleted'
      ? { status: 204 }
      : { status: 200, task: changed.get(step.planned.change.id) as Task }
  })
}

async function look(tx: Db, act: TaskContext, operations: TaskBatchOperation[]): Promise<Sight> {
  const idsOf = (isCreate: boolean) =>
    [
      ...new Set(
        operations.flatMap(({ op, id }) =>
          id !== undefined && (op === 'create') === isCreate ? id.toLowerCase() : []
        )
      )
    ].sort()
  const creates = operations.filter(({ op }) => op === 'create').length
  const taken = await listTakenIds(
    tx,
    idsOf(true).filter((id) => UUID_V7.test(id))
  )
  const found = await lockTasks(tx, act.caller, idsOf(false))
  const assignees = operations.flatMap(({ data }) => data?.assignee_id?.toLowerCase() ?? [])
  return {
    tx,
    act,
    taken,
    tasks: new Map(found.map((task) => [task.id, task])),
    assignable: await listAssignable(tx, [...new Set(assignees)]),
    seen: new Set(),
    room: await remainingQuota(tx, act.quota, act.caller.id, creates)
  }
}

/** A refusal here is a result like any other, hence the catch: it is not turned into an answer of another status. */
async function judge(sight: Sight, operation: TaskBatchOperation, pointer: string): Promise<Step> {
  try {
    return await judged(sight, operation, pointer)
  } catch (error) {
    if (error instanceof Problem) {
      return { problem: pointed(error, pointer) }
    }
    throw error
  }
}

async function judged(
  sight: Sight,
  { op, id: given, if_version, data }: TaskBatchOperation,
  pointer: string
): Promise<Step> {
  const id = given?.toLowerCase()
  if (id !== undefined && sight.seen.has(id)) {
    throw invalidField('body', `${pointer}/id`, 'repeated', 'Each task may come once in a batch.')
  }
  if (id !== undefined) {
    sight.seen.add(id)
  }
  if (op === 'create') {
    return draft(sight, id, if_version, data, pointer)
  }
  if (id === undefined) {
    throw invalidField('body', `${pointer}/id`, 'required', `id is required with ${op}.`)
  }
  if (op === 'delete' && data !== undefined) {
    throw invalidField(
      'body',
      `${pointer}/data`,
      'unknown_field',
      'data has no meaning with delete.'
    )
  }
  if (op === 'update' && Object.keys(data ?? {}).length === 0) {
    throw invalidField(
      'body',
      `${pointer}/data`,
      'required',
      'data must name at least one field with update.'
    )
  }
  const task = sight.tasks.get(id)
  if (!task || task.deleted_at !== null) {
    throw new Problem('not_found')
  }
  await checkVersion(sight.tx, task, if_version === undefined ? undefined : [if_version])
  if (op === 'delete') {
    return { planned: buildDelete(sight.act.caller, task) }
  }
  const wanted = normalizeTask(data as TaskUpdate)
  const planned = buildUpdate(sight.act.caller, task, wanted)
  if (!planned) {
    return { unchanged: task }
  }
  if ('assignee_id' in planned.changes) {
    checkAssignable(sight, wanted.assignee_id, pointer)
  }
  return { planned }
}

function draft(
  sight: Sight,
  id: string | undefined,
  if_version: number | undefined,
  data: TaskUpdate | undefined,
  pointer: string
): Step {
  if (if_version !== undefined) {
    throw invalidField(
      'body',
      `${pointer}/if_version`,
      'unknown_field',
      'if_version has no meaning with create.'
    )
  }
  if (data?.title === undefined) {
    throw invalidField(
      'body',
      `${pointer}/data/title`,
      'required',
      'title is required with create.'
    )
  }
  if (id !== undefined && !UUID_V7.test(id)) {
    throw invalidField('body', `${pointer}/id`, 'malformed', 'id must be a UUIDv7.')
  }
  if (id !== undefined && sight.taken.has(id)) {
    throw idTaken()
  }
  checkAssignable(sight, data.assignee_id, pointer)
  if (sight.room-- <= 0) {
    throw quotaExceeded(sight.act.quota)
  }
  return { draft: normalizeTask({ ...data, title: data.title, ...(id !== undefined && { id }) }) }
}

function checkAssignable(
  { assignable }: Sight,
  assignee_id: string | null | undefined,
  pointer: string
): void {
  if (assignee_id != null && !assignable.has(assignee_id.toLowerCase())) {
    throw invalidField(
      'body',
      `${pointer}/data/assignee_id`,
      'unknown_user',
      'assignee_id is not the id of a user.'
    )
  }
}

/** The same refusal, naming the operation that met it. */
function pointed(problem: Problem, pointer: string): Problem {
  const errors = problem.extras.errors ?? [
    { in: 'body' as const, pointer, code: problem.code, detail: problem.message }
  ]
  return new Problem(problem.code, {
    detail: problem.message,
    extras: { ...problem.extras, errors },
    headers: problem.headers
  })
}

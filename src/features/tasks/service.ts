import type { SQL } from 'drizzle-orm'
import type { Config } from '../../config.ts'
import type { Actor, Caller, RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import { listOwnEvents, listOwnTasksById } from './archive.queries.ts'
import type { TaskBatch } from './batch.schema.ts'
import { runBatch } from './batch.ts'
import { prepareInsertTask } from './create.queries.ts'
import { createTask } from './create.ts'
import { insertTaskRecords, type TaskRecord } from './create-records.queries.ts'
import { prepareDirectUpdate } from './direct-update.queries.ts'
import { DEFAULTS, FIELD_NAMES, type FieldValues, normalizeFields } from './fields.ts'
import type { TaskMove } from './order.schema.ts'
import { moveTask } from './order.ts'
import { listPeopleOfTasks } from './people.queries.ts'
import { listVisibleTasks, prepareFindTask } from './queries.ts'
import { restoreTask } from './restore.ts'
import type { Task, TaskCreate, TaskUpdate } from './schema.ts'
import { type StorageLimits, storageQuotaOf } from './storage-quota.ts'
import { withSubtasks } from './subtasks.ts'
import type { Place } from './task-projects.ts'
import { deleteAllTasks } from './trash.ts'
import { prepareUpdateTask } from './update.queries.ts'
import { deleteTask, updateTask, type Versions } from './update.ts'

export { etagOfTask } from './apply-changes.ts'
export {
  type CommentedTask,
  commentedTasks,
  countComment,
  countComments,
  feedsOf,
  lockAllCommented,
  lockCommented
} from './commented.ts'
export { idTaken } from './create.ts'
export { type MatchedLink, type MatchedRecord, saveMatched } from './matched.ts'
export { linkTasks, type TaskLink } from './matched-links.ts'
export {
  assertQuotaForProject,
  countProjectTasks,
  countTasksOfProjects,
  followProject,
  giveProjectTasks,
  unassignFromProject
} from './project-tasks.ts'
export { quotaExceeded, remainingQuota } from './quota.ts'
export { assertMayCreateIn, lockRecordPlaces, type RecordPlaces } from './record-places.ts'
export { type StorageLimits, type StorageQuota, storageQuotaOf } from './storage-quota.ts'
export type { Place } from './task-projects.ts'

/** Returns the ids of those who appear in tasks that the caller sees; of many tasks only in what is newest. */
export const readPeopleOfTasks = (db: Db, caller: Caller, taskIds: string[]): Promise<string[]> =>
  listPeopleOfTasks(db, caller, taskIds)

const CHANGEABLE: ReadonlySet<string> = new Set([...FIELD_NAMES, 'position'])

/** Returns which of the names of an event are fields that callers change. */
export const changedFieldsOf = (names: string[]): string[] =>
  names.filter((name) => CHANGEABLE.has(name))

/** Live tasks that somebody may see, by their ids. */
export type TasksById = Map<string, Task>

/** Returns the live tasks with these ids that the caller may see. */
export const readVisibleTasks = async (db: Db, caller: Caller, ids: string[]): Promise<TasksById> =>
  new Map((await listVisibleTasks(db, caller, ids)).map((task) => [task.id, task]))

/** A read of everything that an owner has, a page at a time. */
export const readOwnTasks = (db: Db, ownerId: string, limit: number, after?: Task) =>
  listOwnTasksById(db, ownerId, limit, after)
export const readOwnEvents = (
  db: Db,
  ownerId: string,
  limit: number,
  after?: { task_id: string; version: number }
) => listOwnEvents(db, ownerId, limit, after)

type TaskLimits = Pick<Config, 'MAX_TASKS_PER_USER'> & StorageLimits

/** Everything that is done to tasks one by one or in a batch. */
export function createTaskService(db: Db, config: TaskLimits) {
  const deps = {
    db,
    quota: { tasks: config.MAX_TASKS_PER_USER, storage: storageQuotaOf(db, config) },
    retentionDays: config.TRASH_RETENTION_DAYS,
    insertTask: prepareInsertTask(db),
    findTask: prepareFindTask(db),
    directUpdate: prepareDirectUpdate(db),
    updateTask: {
      'task.updated': prepareUpdateTask(db, 'task.updated'),
      'task.deleted': prepareUpdateTask(db, 'task.deleted')
    }
  }
  return {
    findTask: (ctx: RequestContext, id: string) => deps.findTask(ctx.caller, id),
    countSubtasks: async (task: Task): Promise<Task> => (await withSubtasks(db, [task]))[0] ?? task,
    createTask: (ctx: RequestContext, body: TaskCreate, tx?: Tx) => createTask(deps, ctx, body, tx),
    updateTask: (ctx: RequestContext, id: string, versions: Versions, body: TaskUpdate) =>
      updateTask(deps, ctx, id, versions, body),
    deleteTask: (ctx: RequestContext, id: string, versions: Versions) =>
      deleteTask(deps, ctx, id, versions),
    restoreTask: (ctx: RequestContext, id: string, versions: Versions) =>
      restoreTask(deps, ctx, id, versions),
    moveTask: (ctx: RequestContext, id: string, versions: Versions, body: TaskMove, tx?: Tx) =>
      moveTask(deps, ctx, id, versions, body, tx),
    deleteAllTasks: (ctx: RequestContext) => deleteAllTasks(db, ctx),
    runBatch: (ctx: RequestContext, batch: TaskBatch, tx?: Tx) => runBatch(deps, ctx, batch, tx)
  }
}

/** Returns a validated new task as it is stored in JSON, without nulls, until `createFromRecords` creates it. */
export function toTaskRecord(body: TaskCreate, id: string, event_id: string): TaskRecord {
  const values = { ...DEFAULTS, ...normalizeFields(body) }
  const fields: Partial<FieldValues> = Object.fromEntries(
    FIELD_NAMES.filter((name) => values[name] !== null).map((name) => [name, values[name]])
  )
  return { id, event_id, ...fields }
}

/**
 * Creates tasks in one list from the JSON arrays of records that a statement selects, up to `limit` of them; returns
 * their number. The caller has checked the right and the quota in the same transaction.
 */
export const createFromRecords = (
  tx: Tx,
  ctx: RequestContext<Actor>,
  arrays: SQL,
  place: Place,
  limit?: number
): Promise<number> => insertTaskRecords(tx, ctx, arrays, place, limit)

import { and, desc, eq, gte, lt, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { type ListChange, recordListChanges } from '../../core/change-feed.ts'
import type { Actor, RequestContext } from '../../core/context.ts'
import { nextPosition } from '../../db/change-clock.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { type Changes, taskEvents } from '../../db/tables/task-events.ts'
import { newId } from '../../lib/uuid.ts'
import type { TaskList } from '../project-access/schema.ts'
import { type Assignment, addAssigners } from './assigners.queries.ts'

export type { Changes }
export type TaskEventType =
  | 'task.created'
  | 'task.updated'
  | 'task.moved'
  | 'task.deleted'
  | 'task.restored'
  | 'task.purged'

/** A task in a version that it has just got, and whom it concerns. */
interface Versioned {
  owner_id: string
  id: string
  version: number
  project_id: string | null
  assignee_id: string | null
}

export interface TaskEvent {
  task: Versioned
  type: TaskEventType
  changes?: Changes
}

type EventContext = RequestContext<Actor | null>

/** A statement takes 65 535 parameters, and an event has ten. */
const MAX_EVENTS = 5000

/** Returns the columns of an event that say who did it, in which request. */
export const eventOrigin = ({ caller, requestId, isPart }: EventContext) => ({
  actor_id: caller?.id ?? null,
  request_id: requestId,
  is_part: isPart === true
})

/**
 * Writes the events of a change in the transaction of that change: they are committed or rolled back together. An event
 * is in the feed of the list that its task is in, and of those outside of it whom it concerns.
 */
export async function recordTaskEvents(
  tx: Db,
  ctx: EventContext,
  events: TaskEvent[]
): Promise<void> {
  await addAssigners(tx, events.flatMap(assignmentOf))
  const origin = eventOrigin(ctx)
  const recorded = events.map((event) => ({ ...event, id: newId() }))
  for (let i = 0; i < recorded.length; i += MAX_EVENTS) {
    await tx.insert(taskEvents).values(
      recorded.slice(i, i + MAX_EVENTS).map(({ id, task, type, changes = {} }) => ({
        owner_id: task.owner_id,
        task_id: task.id,
        version: task.version,
        list_id: listOf(task).list_id,
        type,
        changes,
        id,
        ...origin
      }))
    )
  }
  await recordListChanges(tx, ctx, recorded.flatMap(changesElsewhere))
}

/** Returns whose personal task an event has given to whom, if it has. */
function assignmentOf({ task, type, changes = {} }: TaskEvent): Assignment[] {
  const { owner_id, assignee_id, project_id } = task
  const isGiven =
    type === 'task.created' || ['assignee_id', 'project_id'].some((field) => field in changes)
  return isGiven && assignee_id !== null && project_id === null ? [{ owner_id, assignee_id }] : []
}

/** Returns the list that a task is in. */
const listOf = ({
  owner_id,
  project_id
}: Pick<Versioned, 'owner_id' | 'project_id'>): TaskList => ({
  owner_id,
  list_id: project_id ?? owner_id
})

/** Returns where a task was before changes, and whose it was to do. */
function beforeOf(task: Versioned, changes: Changes): Omit<Versioned, 'id' | 'version'> {
  const { owner_id, project_id, assignee_id } = task
  const old = Object.fromEntries(
    ['owner_id', 'project_id', 'assignee_id'].flatMap((field) =>
      field in changes ? [[field, changes[field]?.old]] : []
    )
  )
  return { owner_id, project_id, assignee_id, ...old }
}

/**
 * Returns an event of a task once more for each list beside the task's own that it concerns: the one that the task has
 * left, and the personal ones of who has and had a personal task of somebody else to do.
 */
function changesElsewhere({
  id,
  type,
  task,
  changes = {}
}: TaskEvent & { id: string }): ListChange[] {
  const own = listOf(task)
  const before = beforeOf(task, changes)
  const assignees = [task, before].map(({ project_id, assignee_id }) =>
    project_id === null ? assignee_id : null
  )
  const lists = new Map(
    [
      listOf(before),
      ...assignees.flatMap((user) => (user === null ? [] : { owner_id: user, list_id: user }))
    ].map((list) => [list.list_id, list])
  )
  lists.delete(own.list_id)
  return [...lists.values()].map((list) => ({
    ...list,
    id,
    type,
    resource_type: 'task',
    resource_id: task.id,
    version: task.version,
    project_id: list.list_id === before.project_id ? before.project_id : null,
    changed_fields: Object.keys(changes)
  }))
}

/** Writes into the feeds of others what has become of tasks whose own list is gone with them. */
export const recordElsewhere = (
  tx: Db,
  ctx: EventContext,
  tasks: Versioned[],
  type: TaskEventType
): Promise<void> =>
  recordListChanges(
    tx,
    ctx,
    tasks.flatMap((task) => changesElsewhere({ id: newId(), type, task }))
  )

/** Writes the same event for each of some tasks that have just got these versions. */
export const recordVersions = (
  tx: Db,
  ctx: EventContext,
  tasks: Versioned[],
  type: TaskEventType,
  changes: Changes = {}
): Promise<void> =>
  recordTaskEvents(
    tx,
    ctx,
    tasks.map((task) => ({ task, type, changes }))
  )

type OriginColumn = 'owner_id' | keyof ReturnType<typeof eventOrigin>

/** The origin of an event in a prepared statement; `eventOrigin` and the owner fill it. */
export const originPlaceholders = {
  owner_id: sql.placeholder('owner_id'),
  actor_id: sql.placeholder('actor_id'),
  request_id: sql.placeholder('request_id'),
  is_part: sql.placeholder('is_part')
}

/**
 * The part of a statement that writes the events of the changes that this same statement makes: of `rows`, which have
 * `id`, `version`, `event_id`, `changes` and `project_id`.
 */
export const taskEventsCte = (
  type: TaskEventType,
  {
    owner_id,
    actor_id,
    request_id,
    is_part
  }: Record<OriginColumn, string | boolean | null | Placeholder | SQL>,
  rows: SQL
): SQL => sql`
  INSERT INTO task_events
    (owner_id, task_id, version, id, type, actor_id, request_id, is_part, changes, list_id, position)
  SELECT
    ${owner_id}::uuid, id, version, event_id, ${sql.raw(`'${type}'`)},
    ${actor_id}::uuid, ${request_id}::text, ${is_part}::boolean, changes,
    coalesce(project_id, ${owner_id}::uuid), ${nextPosition}
  FROM (${rows}) AS events`

const isOf = (owner_id: string, task_id: string) =>
  and(eq(taskEvents.owner_id, owner_id), eq(taskEvents.task_id, task_id))

/** Counts the events of tasks, up to `most`. */
export async function countEventsOf(
  tx: Db,
  owner_id: string,
  taskIds: string[],
  most: number
): Promise<number> {
  if (taskIds.length === 0) {
    return 0
  }
  const [row] = await executeRows<{ count: number }>(
    tx,
    sql`
      SELECT count(*)::int AS count
      FROM (
        SELECT FROM task_events
        WHERE owner_id = ${owner_id} AND task_id = ANY(${`{${taskIds.join()}}`}::uuid[])
        LIMIT ${most}
      ) AS counted`
  )
  return row?.count ?? 0
}

/** Returns the version with which a task was last assigned to a user; undefined when that was from the beginning. */
export async function findAssignment(
  db: Db,
  owner_id: string,
  task_id: string,
  userId: string
): Promise<number | undefined> {
  const isAssignment = sql`${taskEvents.changes} #>> '{assignee_id,new}' = ${userId}`
  const [row] = await db
    .select({ version: taskEvents.version })
    .from(taskEvents)
    .where(and(isOf(owner_id, task_id), isAssignment))
    .orderBy(desc(taskEvents.version))
    .limit(1)
  return row?.version
}

/** Returns a task's events from version `since` on, newest first, older than version `before` when one is given. */
export function listTaskEvents(
  db: Db,
  { owner_id, task_id }: { owner_id: string; task_id: string },
  { before, since = 1 }: { before: number | undefined; since: number | undefined },
  limit: number
) {
  const { id, type, version, actor_id, request_id, changes, created_at } = taskEvents
  return db
    .select({
      id,
      task_id: taskEvents.task_id,
      type,
      version,
      actor_id,
      request_id,
      changes,
      created_at
    })
    .from(taskEvents)
    .where(
      and(
        isOf(owner_id, task_id),
        gte(version, since),
        before === undefined ? undefined : lt(version, before)
      )
    )
    .orderBy(desc(version))
    .limit(limit)
}

import { and, desc, eq, gt, gte, lt, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import type { Actor, RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { type Changes, taskEvents } from '../../db/tables/task-events.ts'

export type { Changes }
export type TaskEventType =
  | 'task.created'
  | 'task.updated'
  | 'task.moved'
  | 'task.deleted'
  | 'task.restored'
  | 'task.purged'

export interface TaskEvent {
  owner_id: string
  task_id: string
  version: number
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

/** Writes the events of a change in the transaction of that change: they are committed or rolled back together. */
export async function recordTaskEvents(
  tx: Db,
  ctx: EventContext,
  events: TaskEvent[]
): Promise<void> {
  const origin = eventOrigin(ctx)
  for (let i = 0; i < events.length; i += MAX_EVENTS) {
    await tx
      .insert(taskEvents)
      .values(
        events
          .slice(i, i + MAX_EVENTS)
          .map((event) => ({ changes: {}, ...event, id: uuidv7(), ...origin }))
      )
  }
}

/** Writes the same event for each of some tasks that have just got these versions. */
export const recordVersions = (
  tx: Db,
  ctx: EventContext,
  tasks: { owner_id: string; id: string; version: number }[],
  type: TaskEventType,
  changes: Changes = {}
): Promise<void> =>
  recordTaskEvents(
    tx,
    ctx,
    tasks.map(({ owner_id, id, version }) => ({ owner_id, task_id: id, version, type, changes }))
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
 * `id`, `version`, `event_id` and `changes`.
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
    (owner_id, task_id, version, id, type, actor_id, request_id, is_part, changes)
  SELECT
    ${owner_id}::uuid, id, version, event_id, ${sql.raw(`'${type}'`)},
    ${actor_id}::uuid, ${request_id}::text, ${is_part}::boolean, changes
  FROM (${rows}) AS events`

const isOf = (owner_id: string, task_id: string) =>
  and(eq(taskEvents.owner_id, owner_id), eq(taskEvents.task_id, task_id))

/** Returns what changed after a version, oldest first. */
export const listChangesSince = (tx: Db, owner_id: string, task_id: string, version: number) =>
  tx
    .select({ changes: taskEvents.changes })
    .from(taskEvents)
    .where(and(isOf(owner_id, task_id), gt(taskEvents.version, version)))
    .orderBy(taskEvents.version)

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

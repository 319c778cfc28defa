import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { deleteOwned, type OwnedTable } from '../db/delete-owned.ts'
import { executeRows } from '../db/rows.ts'
import { listChanges } from '../db/tables/list-changes.ts'
import { newId } from '../lib/uuid.ts'
import type { Actor, RequestContext } from './context.ts'
import type { PurgeOwned } from './owned-data.ts'

/** What a change can be about, as the feed calls it. */
export type ResourceType = 'task' | 'comment' | 'project' | 'member' | 'import'

/** Past facts: what the feed says of tasks and of everything else. */
export const CHANGE_TYPES = [
  'task.created',
  'task.updated',
  'task.moved',
  'task.deleted',
  'task.restored',
  'task.purged',
  'comment.created',
  'comment.updated',
  'comment.deleted',
  'project.created',
  'project.updated',
  'project.deleted',
  'project.restored',
  'member.added',
  'member.changed',
  'member.removed',
  'import.finished',
  'access.gained',
  'access.lost'
] as const
export type ChangeType = (typeof CHANGE_TYPES)[number]

/** The list in whose feed a change is: that of a project, or the personal one that has the id of its owner. */
export interface FeedList {
  owner_id: string
  list_id: string
}

/** A change that is not the history of a task of the list. */
export interface ListChange extends FeedList {
  /** The id of the event that it repeats for somebody else; a new one when it is absent. */
  id?: string
  type: ChangeType
  resource_type: ResourceType
  resource_id: string
  /** The task of a comment. */
  task_id?: string
  version?: number
  project_id: string | null
  changed_fields?: string[]
}

/** A statement takes 65 535 parameters, and a change has thirteen. */
const MAX_CHANGES = 4000

/** The personal feed of somebody. */
export const feedOf = (userId: string): FeedList => ({ owner_id: userId, list_id: userId })

/** Writes changes into the feed, in the transaction of what they say: both are committed, or neither. */
export async function recordListChanges(
  tx: Db,
  { caller, requestId }: RequestContext<Actor | null>,
  changes: ListChange[]
): Promise<void> {
  for (let i = 0; i < changes.length; i += MAX_CHANGES) {
    await tx.insert(listChanges).values(
      changes.slice(i, i + MAX_CHANGES).map((change) => ({
        id: newId(),
        changed_fields: [],
        ...change,
        actor_id: caller?.id ?? null,
        request_id: requestId
      }))
    )
  }
}

/**
 * The part of a statement that repeats changes of personal tasks for the people outside of the list whom these are
 * assigned to: of `rows`, which have `owner_id`, `id`, `version`, `event_id`, `changes`, `project_id`, `assignee_id`.
 */
export const assigneeChangesCte = (
  type: ChangeType,
  { actor_id, request_id }: Record<'actor_id' | 'request_id', unknown>,
  rows: SQL
): SQL => sql`
  INSERT INTO list_changes
    (owner_id, list_id, id, type, resource_type, resource_id, version, actor_id, request_id, changed_fields)
  SELECT
    assignee_id, assignee_id, event_id, ${sql.raw(`'${type}'`)}, 'task', id, version,
    ${actor_id}::uuid, ${request_id}::text, ARRAY(SELECT jsonb_object_keys(changes))
  FROM (${rows}) AS assigned
  WHERE project_id IS NULL AND assignee_id <> owner_id`

const OWNED: OwnedTable = {
  table: sql`list_changes`,
  owner: sql`owner_id`,
  key: sql`list_id, position, id`
}

/** Deletes a chunk of what the personal feed of an account says. */
export const purgeFeedOf: PurgeOwned = (tx, _ctx, userId) =>
  deleteOwned(tx, { ...OWNED, only: sql`list_id = owner_id` }, userId)

/** Returns what deletes a chunk of what the feeds of an account's shared lists say, unless these are kept. */
export const purgeFeedsBut =
  (isKept: (userId: string) => SQL): PurgeOwned =>
  (tx, _ctx, userId) =>
    deleteOwned(tx, { ...OWNED, only: sql`list_id <> owner_id AND NOT ${isKept(userId)}` }, userId)

const isOfList = ({ owner_id, list_id }: FeedList): SQL =>
  sql`owner_id = ${owner_id} AND list_id = ${list_id}`

/** Counts the changes in the feed of a list, up to `most`. */
export async function countListChanges(tx: Db, list: FeedList, most: number): Promise<number> {
  const [row] = await executeRows<{ count: number }>(
    tx,
    sql`
      SELECT count(*)::int AS count
      FROM (SELECT FROM list_changes WHERE ${isOfList(list)} LIMIT ${most}) AS counted`
  )
  return row?.count ?? 0
}

const COPIED = sql`
  list_id, position, id, type, resource_type, resource_id, task_id, version, project_id, actor_id, request_id,
  changed_fields, created_at`

/** Gives the changes in the feed of a list, which are not too many, to its new owner. */
export async function giveListChanges(tx: Db, list: FeedList, newOwnerId: string): Promise<void> {
  // A row may be stored with its owner's: it does not go to another one, it is written there.
  await tx.execute(sql`
    INSERT INTO list_changes (owner_id, ${COPIED})
    SELECT ${newOwnerId}::uuid, ${COPIED} FROM list_changes WHERE ${isOfList(list)}`)
  await tx.execute(sql`DELETE FROM list_changes WHERE ${isOfList(list)}`)
}

/** Rows that one statement deletes. */
const PURGE_CHUNK = 5000

/** Deletes a chunk of what the feeds say that is older than they go back. The history of tasks stays. */
export async function purgeFeeds(
  db: Db,
  retentionDays: number
): Promise<{ done: number; more: boolean }> {
  const deleted = await executeRows(
    db,
    sql`
      DELETE FROM list_changes
      WHERE (owner_id, list_id, position, id) IN (
        SELECT owner_id, list_id, position, id
        FROM list_changes
        WHERE created_at < now() - make_interval(days => ${retentionDays})
        ORDER BY created_at
        LIMIT ${PURGE_CHUNK}
      )
      RETURNING 1 AS one`
  )
  return { done: deleted.length, more: deleted.length === PURGE_CHUNK }
}

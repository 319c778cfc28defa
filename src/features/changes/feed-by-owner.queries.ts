import { sql } from 'drizzle-orm'
import { readSettledClock } from '../../db/citus/horizon.ts'
import type { Db } from '../../db/client.ts'
import { timestampText } from '../../db/columns.ts'
import { executeRows } from '../../db/rows.ts'
import {
  type FeedPlace,
  type FollowedProject,
  type Follower,
  listsOf,
  type StoredChange
} from './feed.sql.ts'

/**
 * The feed where tasks are distributed: lists are on the coordinator and the changes of each owner on one node, so that
 * one statement finds the lists, and one for each owner reads their changes.
 */
type List = { owner_id: string; list_id: string; with_tasks: boolean }

/** How often the lists are read again when one has gone to another owner meanwhile. */
const MAX_ROUNDS = 5

interface ReadOptions {
  limit: number
  project?: FollowedProject | undefined
}

/**
 * Reads changes behind a place, oldest first, and the horizon, which is read before the lists: of a list that comes
 * later nothing is before it. While a list is on its way to another owner, there is neither.
 */
export async function readFeedByOwner(
  db: Db,
  userId: string,
  after: FeedPlace,
  { limit, project }: ReadOptions
): Promise<{ horizon: string | undefined; changes: StoredChange[] }> {
  const nothing = { horizon: undefined, changes: [] }
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const { horizon, unsettled } = await readSettledClock(db)
    const lists = await readLists(db, userId, project)
    if (unsettled.length > 0 && (await isOnItsWay(db, lists, unsettled))) {
      return nothing
    }
    const found = await Promise.all(
      [...Map.groupBy(lists, ({ owner_id }) => owner_id)].map(([owner, ofOwner]) =>
        readOfOwner(db, owner, ofOwner, { after, horizon, limit, project })
      )
    )
    if (haveSameOwners(lists, await readLists(db, userId, project))) {
      return { horizon, changes: merge(found.flat(), limit) }
    }
  }
  return nothing
}

const readLists = (db: Db, userId: string, project?: FollowedProject): Promise<List[]> =>
  executeRows<List>(db, listsOf(sql`${userId}::uuid`, project))

const listIds = (lists: List[]) => sql`${`{${lists.map(({ list_id }) => list_id).join()}}`}::uuid[]`

/** Tells whether a project has been given to somebody by a transaction that is not on every node yet. */
async function isOnItsWay(db: Db, lists: List[], unsettled: string[]): Promise<boolean> {
  const found = await executeRows(
    db,
    sql`
      SELECT 1 AS one FROM projects
      WHERE id = ANY(${listIds(lists)}) AND xmin::text = ANY(${`{${unsettled.join()}}`}::text[])
      LIMIT 1`
  )
  return found.length > 0
}

type OwnedList = Pick<List, 'list_id' | 'owner_id'>
function haveSameOwners(before: OwnedList[], after: OwnedList[]): boolean {
  const owners = new Map(after.map(({ list_id, owner_id }) => [list_id, owner_id]))
  return before.every(({ list_id, owner_id }) => (owners.get(list_id) ?? owner_id) === owner_id)
}

const COLUMNS = sql`
  position::text AS position, id, type, actor_id, request_id, project_id, resource_type, resource_id, task_id,
  version, to_jsonb(changed_fields) AS changed_fields, ${timestampText(sql`created_at`)} AS occurred_at`

interface Range {
  after: FeedPlace
  horizon: string
  limit: number
  project: FollowedProject | undefined
}

function readOfOwner(
  db: Db,
  owner: string,
  lists: List[],
  { after, horizon, limit, project }: Range
): Promise<StoredChange[]> {
  const isWithin = sql`
    owner_id = ${owner}::uuid AND list_id = l.list_id
      AND (position, id) > (${after.position}::bigint, ${after.id}::uuid)
      AND position < ${horizon}::bigint`
  const flags = sql`${`{${lists.map(({ with_tasks }) => with_tasks).join()}}`}::boolean[]`
  return executeRows<StoredChange>(
    db,
    sql`
      SELECT ${COLUMNS} FROM (
        SELECT e.* FROM unnest(${listIds(lists)}, ${flags}) AS l(list_id, with_tasks) CROSS JOIN LATERAL (
          SELECT
            position, id, type, actor_id, request_id, nullif(list_id, owner_id) AS project_id,
            'task' AS resource_type, task_id AS resource_id, NULL::uuid AS task_id, version,
            ARRAY(SELECT jsonb_object_keys(changes)) AS changed_fields, created_at
          FROM task_events
          WHERE ${isWithin} AND l.with_tasks
          ORDER BY position, id
          LIMIT ${limit}
        ) e
        UNION ALL
        SELECT c.* FROM unnest(${listIds(lists)}) AS l(list_id) CROSS JOIN LATERAL (
          SELECT
            position, id, type, actor_id, request_id, project_id, resource_type, resource_id, task_id, version,
            changed_fields, created_at
          FROM list_changes
          WHERE ${isWithin} ${project ? sql`AND project_id = ${project.id}` : sql``}
          ORDER BY position, id
          LIMIT ${limit}
        ) c
      ) found
      ORDER BY found.position, id
      LIMIT ${2 * limit}`
  )
}

/** The first changes of several owners in order; of one that two lists have, that of the project. */
function merge(found: StoredChange[], limit: number): StoredChange[] {
  const byKey = new Map<string, StoredChange>()
  for (const change of found) {
    const key = `${change.position} ${change.id}`
    const known = byKey.get(key)
    if (known === undefined || (known.project_id === null && change.project_id !== null)) {
      byKey.set(key, change)
    }
  }
  return [...byKey.values()].sort(byPlace).slice(0, limit)
}

function byPlace(a: FeedPlace, b: FeedPlace): number {
  const [left, right] = [BigInt(a.position), BigInt(b.position)]
  if (left !== right) {
    return left < right ? -1 : 1
  }
  return a.id < b.id ? -1 : 1
}

type Place = { user_id: string; position: string; list_id: string; owner_id: string }

const readPlaces = (db: Db, followers: Follower[]): Promise<Place[]> =>
  executeRows<Place>(
    db,
    sql`
      SELECT f.user_id, f.position::text AS position, l.list_id, l.owner_id
      FROM (
        SELECT user_id, min(position) AS position
        FROM jsonb_to_recordset(${JSON.stringify(followers)}::jsonb) AS f(user_id uuid, position bigint)
        GROUP BY user_id
      ) f
      CROSS JOIN LATERAL (${listsOf(sql`f.user_id`)}) l
      ORDER BY f.user_id, l.list_id`
  )

/**
 * Returns which users have a change from a position on in one of their lists, and before the horizon; all of them while
 * a list may be on its way to another owner, since a read tells them apart.
 */
export async function listWithNewsByOwner(
  db: Db,
  followers: Follower[],
  horizon: string
): Promise<string[]> {
  const places = await readPlaces(db, followers)
  const since = new Map<string, Place>()
  for (const place of places) {
    const known = since.get(place.list_id)
    if (known === undefined || BigInt(place.position) < BigInt(known.position)) {
      since.set(place.list_id, place)
    }
  }
  const latest = await readLatest(db, [...since.values()], horizon)
  const isSettled =
    (await readSettledClock(db)).unsettled.length === 0 &&
    haveSameOwners(places, await readPlaces(db, followers))
  const withNews = places.filter(
    ({ list_id, position }) => !isSettled || (latest.get(list_id) ?? -1n) >= BigInt(position)
  )
  return [...new Set(withNews.map(({ user_id }) => user_id))]
}

/** Returns the position of the last change of each list that has one from a position on. */
async function readLatest(
  db: Db,
  lists: { owner_id: string; list_id: string; position: string }[],
  horizon: string
): Promise<Map<string, bigint>> {
  const given = JSON.stringify(
    lists.map(({ owner_id, list_id, position }) => ({ owner_id, list_id, position }))
  )
  const owners = `{${[...new Set(lists.map(({ owner_id }) => owner_id))].join()}}`
  const latest = new Map<string, bigint>()
  for (const table of ['task_events', 'list_changes']) {
    const rows = await executeRows<{ list_id: string; position: string }>(
      db,
      sql`
        SELECT t.list_id, max(t.position)::text AS position
        FROM jsonb_to_recordset(${given}::jsonb) AS l(owner_id uuid, list_id uuid, position bigint)
        JOIN ${sql.raw(table)} t
          ON t.owner_id = l.owner_id AND t.list_id = l.list_id AND t.position >= l.position
        WHERE t.owner_id = ANY(${owners}::uuid[]) AND t.position < ${horizon}::bigint
        GROUP BY t.list_id`
    )
    for (const { list_id, position } of rows) {
      const at = BigInt(position)
      latest.set(list_id, at > (latest.get(list_id) ?? -1n) ? at : (latest.get(list_id) as bigint))
    }
  }
  return latest
}

/** Returns where the first change of a user's lists is from a position on, and whether it is of a time or later. */
export async function findFirstByOwner(
  db: Db,
  userId: string,
  position: string,
  time: string
): Promise<{ position: string; is_later: boolean } | undefined> {
  const lists = await readLists(db, userId)
  const found = await Promise.all(
    [...Map.groupBy(lists, ({ owner_id }) => owner_id)].map(([owner, ofOwner]) => {
      const firstOf = (table: string) => sql`
        SELECT t.position, t.created_at
        FROM ${sql.raw(table)} t
        WHERE t.owner_id = ${owner}::uuid AND t.list_id = l.list_id AND t.position >= ${position}::bigint
        ORDER BY t.position, t.id
        LIMIT 1`
      return executeRows<{ position: string; is_later: boolean }>(
        db,
        sql`
          SELECT f.position::text AS position, f.created_at >= ${time}::timestamptz AS is_later
          FROM unnest(${listIds(ofOwner)}) AS l(list_id)
          CROSS JOIN LATERAL ((${firstOf('task_events')}) UNION ALL (${firstOf('list_changes')})) f
          ORDER BY f.position
          LIMIT 1`
      )
    })
  )
  return found
    .flat()
    .reduce<{ position: string; is_later: boolean } | undefined>(
      (first, one) =>
        first === undefined || BigInt(one.position) < BigInt(first.position) ? one : first,
      undefined
    )
}

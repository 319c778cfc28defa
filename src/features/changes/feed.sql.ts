import { type SQL, sql } from 'drizzle-orm'
import { NIL } from 'uuid'
import type { ChangeType, ResourceType } from '../../core/change-feed.ts'

/** Where a reader of the feed is: behind the change with this id among those of this position. */
export type FeedPlace = {
  position: string
  id: string
}

/** A place, and the time, in milliseconds, from which on everything has happened that follows it. */
export type TimedPlace = FeedPlace & { time: number }

/** Before every change of a position. */
export const FIRST_ID = NIL

/** A change as the feed has it. */
export type StoredChange = FeedPlace & {
  type: ChangeType
  occurred_at: string
  actor_id: string | null
  request_id: string | null
  project_id: string | null
  resource_type: ResourceType
  resource_id: string
  task_id: string | null
  version: number | null
  changed_fields: string[]
}

/** The one project of which somebody reads; a manager sees every one. */
export interface FollowedProject {
  id: string
  is_manager: boolean
}

/** Lists that somebody can follow: more than anybody has. */
const MAX_LISTS = 3000

/**
 * The lists of a user, with deleted projects until they are purged: their deletion is in their feeds. With a project,
 * only that one as long as the user sees it, and of the personal list what is not a change of its tasks.
 */
export const listsOf = (userId: SQL, project?: FollowedProject): SQL =>
  project
    ? sql`
      SELECT p.owner_id, p.id AS list_id, true AS with_tasks
      FROM projects p
      WHERE p.id = ${project.id}
        AND (
          p.owner_id = ${userId} OR ${project.is_manager}::boolean OR EXISTS (
            SELECT FROM project_members m
            WHERE m.owner_id = p.owner_id AND m.project_id = p.id AND m.user_id = ${userId}
          )
        )
      UNION ALL SELECT ${userId}, ${userId}, false`
    : sql`
      SELECT ${userId} AS owner_id, ${userId} AS list_id, true AS with_tasks
      UNION ALL (SELECT p.owner_id, p.id, true FROM projects p WHERE p.owner_id = ${userId} LIMIT ${MAX_LISTS})
      UNION ALL (
        SELECT m.owner_id, m.project_id, true FROM project_members m WHERE m.user_id = ${userId} LIMIT ${MAX_LISTS}
      )`

/** Somebody who follows the feed, and how far they are. */
export interface Follower {
  user_id: string
  position: string
}

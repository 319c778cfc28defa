import { sql } from 'drizzle-orm'
import {
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid
} from 'drizzle-orm/pg-core'
import { feedPosition, now, timestamp } from '../columns.ts'
import { owners } from './owners.ts'

/** Field name → its value before and after. */
export type Changes = Record<string, { old: unknown; new: unknown }>

/**
 * The history of tasks: exactly one row for each version, unique by its key, deleted with its owner. It is also what
 * the feed of changes says of the list that the task was in after the change.
 */
export const taskEvents = pgTable(
  'task_events',
  {
    owner_id: uuid()
      .notNull()
      .references(() => owners.owner_id, { onDelete: 'cascade' }),
    task_id: uuid().notNull(),
    version: integer().notNull(),
    id: uuid().notNull(),
    type: text().notNull(),
    actor_id: uuid(),
    request_id: text(),
    changes: jsonb().$type<Changes>().notNull(),
    /** Part of something that the audit log has as one event: it is in the history of its task only. */
    is_part: boolean().notNull().default(false),
    created_at: timestamp().notNull().default(now),
    /** The list that the task was in after the change; null for what is older than the feed. */
    list_id: uuid(),
    position: feedPosition()
  },
  (t) => [
    primaryKey({ columns: [t.owner_id, t.task_id, t.version] }),
    // The audit log reads the changes of all owners in the order of time.
    index('task_events_audit').on(t.created_at, t.id).where(sql`not ${t.is_part}`),
    // The feed of a list, in its order.
    index('task_events_feed').on(t.list_id, t.position, t.id).where(sql`${t.list_id} is not null`),
    // Whose a task was that is no more.
    index('task_events_purged').on(t.task_id).where(sql`${t.type} = 'task.purged'`)
  ]
)

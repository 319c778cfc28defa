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
import { now, timestamp } from '../columns.ts'
import { users } from './users.ts'

/** Field name → its value before and after. */
export type Changes = Record<string, { old: unknown; new: unknown }>

/** The history of tasks: exactly one row for each version, unique by its key, deleted with its owner. */
export const taskEvents = pgTable(
  'task_events',
  {
    owner_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    task_id: uuid().notNull(),
    version: integer().notNull(),
    id: uuid().notNull(),
    type: text().notNull(),
    actor_id: uuid(),
    request_id: text(),
    changes: jsonb().$type<Changes>().notNull(),
    /** Part of something that the audit log has as one event: it is in the history of its task only. */
    is_part: boolean().notNull().default(false),
    created_at: timestamp().notNull().default(now)
  },
  (t) => [
    primaryKey({ columns: [t.owner_id, t.task_id, t.version] }),
    // The audit log reads the changes of all owners in the order of time.
    index('task_events_audit').on(t.created_at, t.id).where(sql`not ${t.is_part}`),
    // Whose a task was that is no more.
    index('task_events_purged').on(t.task_id).where(sql`${t.type} = 'task.purged'`)
  ]
)

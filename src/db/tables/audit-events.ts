import { sql } from 'drizzle-orm'
import { index, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'

/**
 * The audit log, without foreign keys, so that events outlive their subjects. Append-only, which the database enforces:
 * only its own two functions change it. One deletes events that are too old, the other takes `actor_name` and `address`
 * from the events of a deleted account. `detail` holds no personal data.
 */
export const auditEvents = pgTable(
  'audit_events',
  {
    id: uuid().primaryKey(),
    action: text().notNull(),
    outcome: text().notNull(),
    actor_id: uuid(),
    actor_name: text(),
    subject_type: text(),
    subject_id: text(),
    detail: text(),
    address: text(),
    request_id: text().notNull(),
    created_at: timestamp().notNull().default(now)
  },
  (t) => [
    index('audit_events_created').on(t.created_at, t.id),
    index('audit_events_actor').on(t.actor_id, t.created_at, t.id),
    index('audit_events_subject').on(t.subject_id, t.created_at, t.id),
    index('audit_events_action').on(t.action, t.created_at, t.id),
    // What a deleted account leaves to be forgotten: its own events, and attempts of nobody known at it.
    index('audit_events_personal')
      .on(t.actor_id)
      .where(
        sql`${t.actor_id} is not null and (${t.actor_name} is not null or ${t.address} is not null)`
      ),
    index('audit_events_attempts')
      .on(t.subject_id)
      .where(sql`${t.actor_id} is null and ${t.address} is not null`)
  ]
)

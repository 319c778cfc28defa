import { index, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'

/**
 * The audit log: append-only (enforced by the database), without foreign keys, so that events outlive their subjects.
 * `actor_name` names the actor after the account is deleted. `detail` holds no personal data.
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
    index('audit_events_action').on(t.action, t.created_at, t.id)
  ]
)

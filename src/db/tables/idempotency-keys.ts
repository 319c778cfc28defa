import { integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { users } from './users.ts'

/** The answer that a key was first given, kept in the transaction of its effect. `status` is null while the effect is under way. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    caller_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    operation: text().notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    role: text().notNull(),
    status: integer(),
    headers: jsonb().$type<Record<string, string>>(),
    body: jsonb().$type<unknown>(),
    created_at: timestamp().notNull().default(now)
  },
  (t) => [primaryKey({ columns: [t.caller_id, t.operation, t.key] })]
)

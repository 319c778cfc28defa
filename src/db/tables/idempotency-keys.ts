import { integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { owners } from './owners.ts'

/**
 * The first response for a key, stored in the transaction of its change. `status` is null while the request is in
 * progress.
 */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    caller_id: uuid()
      .notNull()
      .references(() => owners.owner_id, { onDelete: 'cascade' }),
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

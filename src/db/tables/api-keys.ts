import { index, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { now, textArray, timestamp } from '../columns.ts'
import { users } from './users.ts'

/** API keys by their hash; `prefix` is the part of a key that may be shown. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: uuid().primaryKey(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    prefix: text().notNull(),
    hash: text().notNull(),
    scopes: textArray().notNull(),
    created_at: timestamp().notNull().default(now),
    expires_at: timestamp().notNull(),
    last_used_at: timestamp()
  },
  (t) => [
    uniqueIndex('api_keys_hash').on(t.hash),
    index('api_keys_user').on(t.user_id, t.created_at, t.id)
  ]
)

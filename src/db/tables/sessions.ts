import { index, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { users } from './users.ts'

/** One row for each login. It lives while `ended_at` is null and `idle_expires_at` lies ahead: each refresh moves that on, never past `expires_at`. */
export const sessions = pgTable(
  'sessions',
  {
    id: uuid().primaryKey(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    address_prefix: text().notNull(),
    user_agent: text(),
    created_at: timestamp().notNull().default(now),
    last_used_at: timestamp().notNull().default(now),
    idle_expires_at: timestamp().notNull(),
    expires_at: timestamp().notNull(),
    ended_at: timestamp()
  },
  (t) => [index('sessions_user').on(t.user_id, t.created_at, t.id)]
)

/** Refresh tokens by the hash of their text. A spent one stays until its session is removed, so that reuse is noticed. */
export const refreshTokens = pgTable(
  'refresh_tokens',
  {
    hash: text().primaryKey(),
    session_id: uuid()
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    created_at: timestamp().notNull().default(now),
    expires_at: timestamp().notNull(),
    used_at: timestamp()
  },
  (t) => [index('refresh_tokens_session').on(t.session_id)]
)

import { type SQL, sql } from 'drizzle-orm'
import { type AnyPgColumn, index, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { users } from './users.ts'

/** When a session ended or will end. An index is used only for the very same expression. */
export const sessionOverAt = (t: Record<'ended_at' | 'idle_expires_at', AnyPgColumn>): SQL =>
  sql`least(${t.ended_at}, ${t.idle_expires_at})`

/**
 * One row per login. A session is active while `ended_at` is null and `idle_expires_at` is in the future; each refresh
 * extends that, never past `expires_at`.
 */
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
    ended_at: timestamp(),
    /** When the password was last entered in this session; null where that was not stored yet. */
    password_entered_at: timestamp()
  },
  (t) => [
    index('sessions_user').on(t.user_id, t.created_at, t.id),
    index('sessions_live').on(t.user_id, t.created_at, t.id).where(sql`${t.ended_at} is null`),
    index('sessions_over').on(sessionOverAt(t))
  ]
)

/** Refresh tokens by their hash. A used token stays until its session is deleted, so that reuse is detected. */
export const refreshTokens = pgTable(
  'refresh_tokens',
  {
    hash: text().primaryKey(),
    session_id: uuid()
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    created_at: timestamp().notNull().default(now),
    expires_at: timestamp().notNull(),
    used_at: timestamp(),
    /** The client network that used it. */
    used_from: text()
  },
  (t) => [index('refresh_tokens_session').on(t.session_id)]
)

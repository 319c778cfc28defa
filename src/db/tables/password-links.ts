import { boolean, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { users } from './users.ts'

/**
 * Links with which users choose a password, sent or handed over at the request of an admin. An account has at most one,
 * the newest; it is deleted when it is used.
 */
export const passwordLinks = pgTable(
  'password_links',
  {
    user_id: uuid()
      .primaryKey()
      .references(() => users.id, { onDelete: 'cascade' }),
    token_hash: text().notNull(),
    /** Password and email when the link was created: a change of either invalidates it. */
    account_fingerprint: text().notNull(),
    /** It was sent to the email of the account, so that whoever uses it reads that mailbox. */
    confirms_email: boolean().notNull(),
    created_at: timestamp().notNull().default(now),
    expires_at: timestamp().notNull()
  },
  (t) => [uniqueIndex('password_links_token').on(t.token_hash)]
)

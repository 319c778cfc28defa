import { sql } from 'drizzle-orm'
import { boolean, index, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { userRole, users } from './users.ts'

/**
 * Invitations by email to create an account, each with a token of which only the hash is stored. An email has at most
 * one that is pending. Those that were accepted are kept as long as the account: they say who may see whom.
 */
export const invitations = pgTable(
  'invitations',
  {
    id: uuid().primaryKey(),
    email: text().notNull(),
    /** What the new account may do. */
    role: userRole().notNull(),
    token_hash: text().notNull(),
    /** The token was sent to the email, so that whoever has it reads that mailbox. */
    confirms_email: boolean().notNull(),
    invited_by: uuid().references(() => users.id, { onDelete: 'set null' }),
    created_at: timestamp().notNull().default(now),
    expires_at: timestamp().notNull(),
    accepted_at: timestamp(),
    accepted_by: uuid().references(() => users.id, { onDelete: 'cascade' }),
    withdrawn_at: timestamp()
  },
  (t) => {
    const isPending = sql`${t.accepted_at} is null and ${t.withdrawn_at} is null`
    return [
      uniqueIndex('invitations_token').on(t.token_hash),
      uniqueIndex('invitations_email').on(t.email).where(isPending),
      index('invitations_pending').on(t.created_at, t.id).where(isPending),
      index('invitations_invited_by').on(t.invited_by),
      index('invitations_accepted_by').on(t.accepted_by),
      index('invitations_expiry').on(t.expires_at).where(sql`${t.accepted_at} is null`)
    ]
  }
)

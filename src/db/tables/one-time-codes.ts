import { index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { users } from './users.ts'

/**
 * Codes that went out by letter. Requests for unknown addresses have rows as well, without a user, so that nothing tells
 * them apart; rows also outlive their user, or deleting an account would reset what its mailbox may be sent. Neither codes
 * nor addresses are here: `code_mac` is an HMAC over id and code, `email_mac` one over the address, under a key that is
 * not in the database.
 */
export const oneTimeCodes = pgTable(
  'one_time_codes',
  {
    id: uuid().primaryKey(),
    purpose: text().notNull(),
    /** Who is counted, as an HMAC: an account, or the mailbox of nobody. */
    subject: text().notNull(),
    user_id: uuid().references(() => users.id, { onDelete: 'set null' }),
    /** Where the code went, exactly; it confirms this address and no other. */
    email_mac: text().notNull(),
    /** What the account was when the code was made; a code outlives no change of password, role or address. */
    account_fingerprint: text(),
    code_mac: text().notNull(),
    attempts: integer().notNull().default(0),
    created_at: timestamp().notNull().default(now),
    expires_at: timestamp().notNull(),
    used_at: timestamp(),
    /** A right code is exchanged for a token, kept as its hash, which is spent by what the code was asked for. */
    token_hash: text(),
    token_expires_at: timestamp(),
    token_used_at: timestamp()
  },
  (t) => [
    index('one_time_codes_subject').on(t.purpose, t.subject, t.created_at),
    index('one_time_codes_email').on(t.email_mac, t.created_at),
    index('one_time_codes_user').on(t.user_id),
    index('one_time_codes_created').on(t.created_at),
    uniqueIndex('one_time_codes_token').on(t.token_hash)
  ]
)

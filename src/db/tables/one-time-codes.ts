import { boolean, index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { users } from './users.ts'

/**
 * Codes that were sent by email. Requests for unknown emails have rows as well, without a user, so that they look the
 * same; rows also outlive their user, or deleting an account would reset the limit of its mailbox. Neither codes nor
 * emails are stored: `code_mac` is an HMAC of code and id (or `code_of`), `email_mac` one of the email, under a key
 * that is not in the database.
 */
export const oneTimeCodes = pgTable(
  'one_time_codes',
  {
    id: uuid().primaryKey(),
    purpose: text().notNull(),
    /** Whom limits apply to, as an HMAC: an account, or an email without an account. */
    subject: text().notNull(),
    user_id: uuid().references(() => users.id, { onDelete: 'set null' }),
    /** The exact email that the code was sent to; it confirms no other. */
    email_mac: text().notNull(),
    /** The state of the account when the code was created: a change of password, role or email invalidates it. */
    account_fingerprint: text(),
    code_mac: text().notNull(),
    /** The request whose email has the code, for one that was repeated too soon to get an email of its own. */
    code_of: uuid(),
    /** The client network that asked; of IPv6 the /48 if it has not opened the account before. */
    network: text(),
    /** That network has opened the account before: strangers cannot use up what is kept for it. */
    is_known: boolean().notNull().default(false),
    /** Attempts of whoever asked, and of all others. */
    attempts: integer().notNull().default(0),
    other_attempts: integer().notNull().default(0),
    created_at: timestamp().notNull().default(now),
    expires_at: timestamp().notNull(),
    used_at: timestamp(),
    /** The hash of the token that a correct code is exchanged for; the token can be used once. */
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

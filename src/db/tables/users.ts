import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import {
  boolean,
  check,
  index,
  pgEnum,
  pgTable,
  text,
  uniqueIndex,
  uuid
} from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { comparableText } from '../fold.sql.ts'

export const userRole = pgEnum('user_role', ['user', 'manager', 'admin'])

/** A username as it is compared: folded as ASCII is, since a Turkish locale has another small letter for I. */
export const foldedUsername = (username: SQLWrapper): SQL => sql`lower(${username} collate "C")`

type Names = Record<'name' | 'username' | 'email', SQLWrapper>

/** How an account is called before others; an email is masked. */
export const displayName = ({ name, username, email }: Names): SQL<string> =>
  sql<string>`coalesce(${name}, ${username}, regexp_replace(${email}, '^(.).*@', '\\1…@'))`

/** Names as people are sorted and found by the beginning of theirs. */
export const foldedName = ({ name }: Pick<Names, 'name'>): SQL<string> => comparableText(name)
export const foldedDisplayName = (names: Names): SQL<string> => comparableText(displayName(names))

/** The account with this id is not deleted: what a deleted one has left is still to be deleted, and nobody sees it. */
export const isOfUser = (owner: SQLWrapper): SQL =>
  sql`${owner} NOT IN (SELECT id FROM users WHERE deleted_at IS NOT NULL)`

/**
 * Accounts. Usernames and emails are unique whatever their case; emails are stored in lower case. A deleted account is
 * its id alone, disabled, until everything that refers to it is deleted as well.
 */
export const users = pgTable(
  'users',
  {
    id: uuid().primaryKey(),
    username: text(),
    email: text(),
    name: text(),
    role: userRole().notNull(),
    email_verified: boolean().notNull().default(false),
    disabled: boolean().notNull().default(false),
    password_hash: text(),
    created_at: timestamp().notNull().default(now),
    updated_at: timestamp().notNull().default(now),
    deleted_at: timestamp(),
    // When to look again at what a deleted account has left, where something stays for now.
    purge_after: timestamp()
  },
  (t) => [
    uniqueIndex('users_username').on(foldedUsername(t.username)),
    uniqueIndex('users_email').on(t.email),
    index('users_created').on(t.created_at, t.id),
    index('users_people')
      .on(foldedDisplayName(t), t.id)
      .where(sql`${t.deleted_at} is null and not ${t.disabled}`),
    index('users_name').on(foldedName(t)).where(sql`${t.deleted_at} is null and not ${t.disabled}`),
    index('users_deleted').on(t.id).where(sql`${t.deleted_at} is not null`),
    check(
      'users_identifier',
      sql`${t.username} is not null or ${t.email} is not null or ${t.deleted_at} is not null`
    )
  ]
)

/** One row for ever: the account that inserts it becomes the first admin, however many sign up at the same time. */
export const firstAdmin = pgTable(
  'first_admin',
  {
    singleton: boolean().primaryKey().default(true),
    user_id: uuid().notNull(),
    claimed_at: timestamp().notNull().default(now)
  },
  (t) => [check('first_admin_singleton', sql`${t.singleton}`)]
)

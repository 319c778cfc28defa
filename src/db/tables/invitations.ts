import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  foreignKey,
  index,
  pgTable,
  text,
  uniqueIndex,
  uuid
} from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { memberRole, projects } from './projects.ts'
import { userRole, users } from './users.ts'

/**
 * Invitations to create an account, by email, and to a project, by email or username. Of the token in an email only the
 * hash is stored. An email has at most one to the installation that is pending. Those that were accepted are kept as
 * long as the account: they say who may see whom.
 */
export const invitations = pgTable(
  'invitations',
  {
    id: uuid().primaryKey(),
    email: text(),
    /** As it was written; `user_id` is whose it was then, if anybody's. */
    username: text(),
    user_id: uuid().references(() => users.id, { onDelete: 'cascade' }),
    project_owner_id: uuid(),
    project_id: uuid(),
    project_role: memberRole(),
    /** What the new account may do. */
    role: userRole().notNull(),
    token_hash: text(),
    /** The token was sent to the email, so that whoever has it reads that mailbox. */
    confirms_email: boolean().notNull(),
    invited_by: uuid().references(() => users.id, { onDelete: 'set null' }),
    created_at: timestamp().notNull().default(now),
    expires_at: timestamp().notNull(),
    accepted_at: timestamp(),
    accepted_by: uuid().references(() => users.id, { onDelete: 'cascade' }),
    withdrawn_at: timestamp(),
    declined_at: timestamp()
  },
  (t) => {
    const isPending = sql`${t.accepted_at} is null and ${t.withdrawn_at} is null and ${t.declined_at} is null`
    const isToInstallation = sql`${t.project_id} is null and ${isPending}`
    return [
      check(
        'invitations_target',
        sql`num_nonnulls(${t.email}, ${t.username}) = 1 and (${t.username} is null or ${t.project_id} is not null)`
      ),
      check(
        'invitations_project',
        sql`num_nonnulls(${t.project_owner_id}, ${t.project_id}, ${t.project_role}) in (0, 3)`
      ),
      // The invitations follow a project to its new owner.
      foreignKey({
        columns: [t.project_owner_id, t.project_id],
        foreignColumns: [projects.owner_id, projects.id]
      })
        .onDelete('cascade')
        .onUpdate('cascade'),
      uniqueIndex('invitations_token').on(t.token_hash),
      uniqueIndex('invitations_email').on(t.email).where(isToInstallation),
      index('invitations_pending').on(t.created_at, t.id).where(isToInstallation),
      index('invitations_project').on(t.project_owner_id, t.project_id, t.created_at, t.id),
      index('invitations_addressee').on(t.email).where(sql`${t.project_id} is not null`),
      index('invitations_user').on(t.user_id).where(sql`${t.user_id} is not null`),
      index('invitations_invited_by').on(t.invited_by, t.created_at),
      index('invitations_accepted_by').on(t.accepted_by),
      index('invitations_expiry').on(t.expires_at).where(sql`${t.accepted_at} is null`)
    ]
  }
)

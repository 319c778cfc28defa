import { pgTable, uuid } from 'drizzle-orm/pg-core'
import { users } from './users.ts'

/**
 * Who may have rows: the foot of what is stored by owner, one row for each account, written and removed with it.
 * Limits of an owner are counted under the lock of this row, where what is counted refers to it.
 *
 * By owner, so that it can be on several servers: `tasks`, `task_events`, `task_comments`, `task_imports` with blocks
 * and errors, `list_changes`, and `idempotency_keys`, whose owner is the caller, since a key commits with what it
 * guards. Beside `users` stays what is searched by something else than its owner: `projects` and `project_members`,
 * which say whose rows a caller may see, `invitations`, `webhooks` and their deliveries, which are a queue,
 * `account_storage`, and everything about identity.
 */
export const owners = pgTable('owners', {
  owner_id: uuid()
    .primaryKey()
    .references(() => users.id, { onDelete: 'cascade' })
})

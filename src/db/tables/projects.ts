import { type SQL, sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  uuid
} from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { sortableText } from '../fold.sql.ts'
import { users } from './users.ts'

/** Declared in rising order. The owner of a project is not among its members. */
export const memberRole = pgEnum('project_member_role', ['viewer', 'editor', 'admin'])

/** Lists of tasks that several people share. */
export const projects = pgTable(
  'projects',
  {
    owner_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    id: uuid().notNull(),
    name: text().notNull(),
    description: text(),
    color: text(),
    archived: boolean().notNull().default(false),
    version: integer().notNull().default(1),
    created_at: timestamp().notNull().default(now),
    updated_at: timestamp().notNull().default(now),
    deleted_at: timestamp(),
    // True while some of its tasks have not followed it into the trash or out of it.
    tasks_pending: boolean().notNull().default(false)
  },
  (t) => [
    primaryKey({ columns: [t.owner_id, t.id] }),
    // The id of a user names their personal list: see list_id of tasks.
    check('projects_id_of_no_owner', sql`${t.id} <> ${t.owner_id}`),
    // A path names a project by its id alone. Not unique: unique indexes start with the owner.
    index('projects_id').on(t.id),
    index('projects_created').on(t.created_at, t.id),
    index('projects_updated').on(t.updated_at, t.id),
    index('projects_name').on(sortableText(t.name), t.id),
    index('projects_trash').on(t.deleted_at).where(sql`${t.deleted_at} is not null`),
    index('projects_pending').on(t.id).where(sql`${t.tasks_pending}`)
  ]
)

/** Who shares a project with its owner. */
export const projectMembers = pgTable(
  'project_members',
  {
    owner_id: uuid().notNull(),
    project_id: uuid().notNull(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    role: memberRole().notNull(),
    added_at: timestamp().notNull().default(now)
  },
  (t) => [
    primaryKey({ columns: [t.owner_id, t.project_id, t.user_id] }),
    // The members follow a project to its new owner.
    foreignKey({
      columns: [t.owner_id, t.project_id],
      foreignColumns: [projects.owner_id, projects.id]
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
    index('project_members_user').on(t.user_id)
  ]
)

/** The role of a user as a member of the project that a row of `projects` is; null when they are none. */
export const memberRoleOf = (
  userId: string
): SQL<(typeof memberRole.enumValues)[number] | null> => sql`(
  SELECT m.role
  FROM ${projectMembers} m
  WHERE m.owner_id = ${projects.owner_id} AND m.project_id = ${projects.id} AND m.user_id = ${userId}
)`

/** When a project was deleted; that of a deleted account is, even before it is marked so. */
export const deletionOf = (t: Record<'deleted_at' | 'owner_id', AnyPgColumn>): SQL<string | null> =>
  sql<string | null>`coalesce(
    ${t.deleted_at}, (SELECT u.deleted_at FROM users u WHERE u.id = ${t.owner_id})
  )`.mapWith((value) => t.deleted_at.mapFromDriverValue(value) as string)

import { sql } from 'drizzle-orm'
import { index, integer, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { instant, now } from '../columns.ts'
import { users } from './users.ts'

export const taskStatus = pgEnum('task_status', ['todo', 'in_progress', 'done'])
/** Declared in rising order: `priority` sorts low < medium < high. */
export const taskPriority = pgEnum('task_priority', ['low', 'medium', 'high'])

/** Tasks, owned. `version`, `updated_at` and the history row are written by whoever changes a task: there is no trigger. */
export const tasks = pgTable('tasks', {
  owner_id: uuid().notNull().references(() => users.id, { onDelete: 'cascade' }),
  id: uuid().notNull(),
  assignee_id: uuid(),
  title: text().notNull(),
  description: text(),
  status: taskStatus().notNull(),
  priority: taskPriority().notNull(),
  due_date: instant(),
  tags: text().array().notNull(),
  completed_at: instant(),
  version: integer().notNull().default(1),
  created_at: instant().notNull().default(now),
  updated_at: instant().notNull().default(now),
  deleted_at: instant()
}, (t) => [
  primaryKey({ columns: [t.owner_id, t.id] }),
  // A path names a task by its id alone, and a caller-made id must be free everywhere. Not unique: see tasks/service.ts.
  index('tasks_id').on(t.id),
  index('tasks_created').on(t.owner_id, t.created_at, t.id).where(sql`${t.deleted_at} is null`),
  index('tasks_status_created').on(t.owner_id, t.status, t.created_at, t.id).where(sql`${t.deleted_at} is null`)
])

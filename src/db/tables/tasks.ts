import { type SQL, sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  customType,
  index,
  integer,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  uuid
} from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { users } from './users.ts'

export const taskStatus = pgEnum('task_status', ['todo', 'in_progress', 'done'])
/** Declared in rising order: `priority` sorts low < medium < high. */
export const taskPriority = pgEnum('task_priority', ['low', 'medium', 'high'])

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' })

type Columns = Record<'created_at' | 'updated_at' | 'due_date' | 'priority' | 'title', AnyPgColumn>
/** What a list can be sorted by. Titles sort whatever their case, in the order of code points, the same on every server. */
const SORT_KEYS = (t: Columns): [string, AnyPgColumn | SQL][] => [
  ['created', t.created_at],
  ['updated', t.updated_at],
  ['due', t.due_date],
  ['priority', t.priority],
  ['title', sql`lower(${t.title}) collate "C"`]
]

/** Tasks, owned. `version`, `updated_at` and the history row are written by whoever changes a task: there is no trigger. */
export const tasks = pgTable(
  'tasks',
  {
    owner_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    id: uuid().notNull(),
    assignee_id: uuid(),
    title: text().notNull(),
    description: text(),
    status: taskStatus().notNull(),
    priority: taskPriority().notNull(),
    due_date: timestamp(),
    tags: text().array().notNull(),
    completed_at: timestamp(),
    version: integer().notNull().default(1),
    created_at: timestamp().notNull().default(now),
    updated_at: timestamp().notNull().default(now),
    deleted_at: timestamp(),
    // 'simple' knows no language: words are kept as they are, in any language alike.
    search: tsvector()
      .notNull()
      .generatedAlwaysAs(
        sql`to_tsvector('simple'::regconfig, title || ' ' || coalesce(description, ''))`
      )
  },
  (t) => [
    primaryKey({ columns: [t.owner_id, t.id] }),
    // A path names a task by its id alone, and a caller-made id must be free everywhere. Not unique: see isIdTaken in tasks/queries.ts.
    index('tasks_id').on(t.id),
    // One index for each sort of one's own list, of everybody's (which managers read), and of what is assigned to one.
    ...SORT_KEYS(t).flatMap(([name, key]) => [
      index(`tasks_${name}`).on(t.owner_id, key, t.id).where(sql`${t.deleted_at} is null`),
      index(`tasks_all_${name}`).on(key, t.id).where(sql`${t.deleted_at} is null`),
      index(`tasks_assigned_${name}`)
        .on(t.assignee_id, key, t.id)
        .where(sql`${t.assignee_id} is not null and ${t.deleted_at} is null`)
    ]),
    index('tasks_status')
      .on(t.owner_id, t.status, t.created_at, t.id)
      .where(sql`${t.deleted_at} is null`),
    index('tasks_trash').on(t.owner_id, t.created_at, t.id).where(sql`${t.deleted_at} is not null`),
    index('tasks_purge').on(t.deleted_at).where(sql`${t.deleted_at} is not null`),
    // With the owner inside, a word or a tag of theirs is found without looking at anybody else's (btree_gin).
    index('tasks_tags').using('gin', t.owner_id, t.tags),
    index('tasks_search').using('gin', t.owner_id, t.search)
  ]
)

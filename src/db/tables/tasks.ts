import { type SQL, sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  boolean,
  customType,
  index,
  integer,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  uuid
} from 'drizzle-orm/pg-core'
import { now, textArray, timestamp } from '../columns.ts'
import { foldedText, sortableText } from '../fold.sql.ts'
import { owners } from './owners.ts'

export const taskStatus = pgEnum('task_status', ['todo', 'in_progress', 'done'])
/** Declared in rising order: `priority` sorts low < medium < high. */
export const taskPriority = pgEnum('task_priority', ['low', 'medium', 'high'])

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' })

type SortColumn = 'created_at' | 'updated_at' | 'due_date' | 'priority' | 'title'

/**
 * What a list can be sorted by. An index is used only for the very same expression.
 */
export const taskSortKeys = (
  t: Record<SortColumn, AnyPgColumn>
): Record<SortColumn, AnyPgColumn | SQL> => ({
  created_at: t.created_at,
  updated_at: t.updated_at,
  due_date: t.due_date,
  priority: t.priority,
  title: sortableText(t.title)
})

/** By what managers can sort everybody's tasks. */
export const SORTS_OF_ALL: ReadonlySet<string> = new Set(['created_at', 'updated_at', 'due_date'])

const milliseconds = (moment: AnyPgColumn | SQL): SQL =>
  sql`greatest(extract(epoch FROM ${moment} AT TIME ZONE 'UTC') * 1000, 0)::bigint`

/**
 * The position of what came to the end of a list at a moment: a key of fractional indexing with hexadecimal digits.
 * `l` and twelve digits are the milliseconds since 1970, perhaps some more; the fraction is the id, so that no two
 * tasks have the same.
 */
export const positionAt = (moment: AnyPgColumn | SQL, id: AnyPgColumn | SQL, more?: SQL): SQL => {
  const digits = more ? sql`${milliseconds(moment)} + ${more}` : milliseconds(moment)
  return sql.join(
    [sql`'l'`, sql`lpad(to_hex(${digits}), 12, '0')`, sql`replace(${id}::text, '-', '')`, sql`'8'`],
    sql` || `
  )
}

/** Where a task is in the manual order of its list, by bytes: where it was put, else by when it was created. */
export const taskPosition = (t: Record<'position' | 'created_at' | 'id', AnyPgColumn>): SQL =>
  sql`coalesce(${t.position}, ${positionAt(t.created_at, t.id)}) COLLATE "C"`

/** With the due date, all that statistics count by: one index has them together. */
const COUNTED = ['status', 'priority', 'all_day'] as const

const indexNameOf = (sortColumn: string): string => sortColumn.replace(/_(at|date)$/, '')

/** Tasks, owned. A statement that changes a task also writes `version`, `updated_at` and the event: no trigger does. */
export const tasks = pgTable(
  'tasks',
  {
    owner_id: uuid()
      .notNull()
      .references(() => owners.owner_id, { onDelete: 'cascade' }),
    id: uuid().notNull(),
    assignee_id: uuid(),
    // The owner of a task in a project is the owner of the project.
    project_id: uuid(),
    // The one list that it is in: that of its project, or its owner's personal one.
    list_id: uuid().notNull().generatedAlwaysAs(sql`coalesce(project_id, owner_id)`),
    // Null when its owner made it.
    created_by: uuid(),
    // The task that it is a subtask of, in the same list.
    parent_id: uuid(),
    // The project, or the task above it, with which it went into the trash, and comes back.
    deleted_with: uuid(),
    // Where somebody put it in the order of its list: see taskPosition.
    position: text(),
    comment_count: integer().notNull().default(0),
    title: text().notNull(),
    description: text(),
    status: taskStatus().notNull(),
    priority: taskPriority().notNull(),
    due_date: timestamp(),
    // Due on the day of `due_date`, wherever one is; `due_date` is then the end of that day in UTC.
    all_day: boolean().notNull().default(false),
    tags: textArray().notNull(),
    completed_at: timestamp(),
    version: integer().notNull().default(1),
    created_at: timestamp().notNull().default(now),
    updated_at: timestamp().notNull().default(now),
    deleted_at: timestamp(),
    // 'simple' knows no language: words are stored as they are, in any language alike.
    search: tsvector()
      .notNull()
      .generatedAlwaysAs(
        sql`to_tsvector('simple'::regconfig, ${foldedText(sql`(title || ' ' || coalesce(description, ''))`)})`
      )
  },
  (t) => [
    primaryKey({ columns: [t.owner_id, t.id] }),
    // A path names a task by its id alone, and a caller-made id must be free everywhere. Not unique: see lookUpIds.
    index('tasks_id').on(t.id),
    // One index for each sort of a list, and of those assigned to one. Those of a list begin with its owner, whom every
    // statement names: PostgreSQL sorted whole lists without, and counts tasks in the index alone with it.
    ...Object.entries(taskSortKeys(t)).flatMap(([column, key]) => [
      index(`tasks_list_${indexNameOf(column)}`)
        .on(
          t.owner_id,
          t.list_id,
          key,
          t.id,
          ...(column === 'due_date' ? COUNTED : []).map((name) => t[name])
        )
        .where(sql`${t.deleted_at} is null`),
      index(`tasks_assigned_${indexNameOf(column)}`)
        .on(t.assignee_id, key, t.id)
        .where(sql`${t.assignee_id} is not null and ${t.deleted_at} is null`)
    ]),
    ...Object.entries(taskSortKeys(t))
      .filter(([column]) => SORTS_OF_ALL.has(column))
      .map(([column, key]) =>
        index(`tasks_all_${indexNameOf(column)}`)
          .on(key, t.id)
          .where(sql`${t.deleted_at} is null`)
      ),
    index('tasks_list_position')
      .on(t.owner_id, t.list_id, taskPosition(t), t.id)
      .where(sql`${t.deleted_at} is null`),
    index('tasks_subtasks').on(t.owner_id, t.parent_id).where(sql`${t.parent_id} is not null`),
    index('tasks_list_status')
      .on(t.owner_id, t.list_id, t.status, t.created_at, t.id)
      .where(sql`${t.deleted_at} is null`),
    index('tasks_list_trash')
      .on(t.owner_id, t.list_id, t.created_at, t.id)
      .where(sql`${t.deleted_at} is not null`),
    // Who is assigned to whose tasks: people see each other by it, and a deleted account is taken off all of them.
    index('tasks_people').on(t.assignee_id, t.owner_id).where(sql`${t.assignee_id} is not null`),
    index('tasks_purge').on(t.deleted_at).where(sql`${t.deleted_at} is not null`),
    // With the owner inside, a word or a tag of theirs is found without reading other owners' (btree_gin).
    index('tasks_tags').using('gin', t.owner_id, t.tags),
    index('tasks_search').using('gin', t.owner_id, t.search)
  ]
)

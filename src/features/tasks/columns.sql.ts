import { type SQL, sql } from 'drizzle-orm'
import { taskPosition, tasks } from '../../db/tables/tasks.ts'
import { FIELD_NAMES, type FieldName, fieldColumns, mapFields } from './fields.ts'

/** The select list of every statement that returns tasks. */
export const taskColumns = {
  id: tasks.id,
  owner_id: tasks.owner_id,
  created_by: sql<string>`coalesce(${tasks.created_by}, ${tasks.owner_id})`.as('created_by'),
  ...fieldColumns,
  position: sql<string>`${taskPosition(tasks)}`.as('position'),
  completed: sql<boolean>`${tasks.status} = 'done'`.as('completed'),
  completed_at: tasks.completed_at,
  comment_count: tasks.comment_count,
  version: tasks.version,
  created_at: tasks.created_at,
  updated_at: tasks.updated_at,
  deleted_at: tasks.deleted_at
}

/** `title, description, …` */
export const fieldList: SQL = sql.raw(FIELD_NAMES.join(', '))

const STORED_FIELDS: Partial<Record<FieldName, string>> = {
  all_day: 'coalesce(all_day, false)',
  project_id: 'coalesce(project_id, list_project_id)'
}

/**
 * The same, of stored records: a server without all-day tasks may have stored them, and those that name no project go
 * into `list_project_id`.
 */
export const storedFieldList: SQL = sql.raw(
  FIELD_NAMES.map((name) => STORED_FIELDS[name] ?? name).join(', ')
)

/** `title text, description text, …`, for jsonb_to_recordset. */
export const fieldDefinitions: SQL = sql.raw(
  Object.entries(mapFields(({ column }) => column.getSQLType()))
    .map(([name, type]) => `${name} ${type}`)
    .join(', ')
)

/** Placeholders that have the fields' names, encoded like the columns that they are for. */
export const fieldPlaceholders: Record<FieldName, SQL> = mapFields(
  ({ column }, name) => sql`${sql.param(sql.placeholder(name), column)}`
)

/** The fields of the records of a statement that are called `v`. */
export const fieldsOfRecord: Record<FieldName, SQL> = mapFields((_, name) => sql.raw(`v.${name}`))

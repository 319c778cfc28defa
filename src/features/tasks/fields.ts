import { type Static, type TOptional, type TSchema, Type } from '@sinclair/typebox'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { tasks } from '../../db/tables/tasks.ts'
import { ref } from '../../http/schemas.ts'
import { inZone, type TimeZone } from '../../lib/time-zone.ts'
import { normalizeDueDate } from './due-date.fields.ts'
import {
  AllDay,
  AllDayInput,
  Assignee,
  Description,
  DueDate,
  DueDateInput,
  ParentId,
  ParentIdInput,
  ProjectId,
  ProjectIdInput,
  TAG_SEPARATOR,
  Tags,
  TagsInput,
  TaskPriority,
  TaskStatus,
  Title,
  TitleInput
} from './fields.schema.ts'

/** How a field appears in CSV files. */
interface CsvColumn {
  /** What a file may call the column, whatever its case and blanks; an export uses the first. */
  names: readonly [string, ...string[]]
  /**
   * Returns what a cell says, to be validated like a request; undefined when the field is absent. A time without zone
   * is meant in `zone`.
   */
  parse: (cell: string, zone?: TimeZone) => unknown
  /** What a correct cell looks like, where files may hold more than requests. */
  hint?: string
}

interface WritableField {
  /** Where it is stored; the type in SQL is the column's. */
  column: AnyPgColumn
  /** What callers send. A schema that accepts null declares a field that can be cleared. */
  input: TSchema
  /** What we send. */
  output: TSchema
  /** Its value in a task that is created without it; a field without a default is required. */
  default?: unknown
  /** Returns the one spelling in which a value is compared and stored; never called with null. */
  normalize?: (value: never) => unknown
  /** Absent when files cannot set it. */
  csv?: CsvColumn
}

/**
 * Every field of a task that callers write, declared once: the schemas of create, update and replace, the select list,
 * the statements that write tasks, and the columns of import and export are derived from it.
 */
const DECLARED = {
  title: {
    column: tasks.title,
    input: TitleInput,
    output: Title,
    normalize: (title: string) => title.trim(),
    csv: {
      names: ['title', 'subject'],
      parse: (cell) => (cell.trim() === '' ? undefined : cell)
    }
  },
  description: {
    column: tasks.description,
    input: Description,
    output: Description,
    default: null,
    csv: { names: ['description'], parse: (cell) => cell }
  },
  status: {
    column: tasks.status,
    input: ref(TaskStatus),
    output: ref(TaskStatus),
    default: 'todo',
    csv: { names: ['status'], parse: unlessBlank((text) => text) }
  },
  priority: {
    column: tasks.priority,
    input: ref(TaskPriority),
    output: ref(TaskPriority),
    default: 'medium',
    csv: { names: ['priority'], parse: unlessBlank((text) => text) }
  },
  due_date: {
    column: tasks.due_date,
    input: DueDateInput,
    output: DueDate,
    default: null,
    csv: {
      names: ['due_date', 'due'],
      parse: unlessBlank(parseDueDate),
      hint:
        'due_date must be a date such as 2026-01-31, or a date and time with zone, such as 2026-01-31T09:00:00Z; ' +
        'a time without zone, such as 2026-01-31 09:00, needs the parameter time_zone.'
    }
  },
  all_day: {
    column: tasks.all_day,
    input: AllDayInput,
    output: AllDay,
    default: false
  },
  tags: {
    column: tasks.tags,
    input: TagsInput,
    output: Tags,
    default: [],
    normalize: (tags: string[]) => [...new Set(tags.map((tag) => tag.trim()))],
    csv: { names: ['tags'], parse: unlessBlank(parseTags) }
  },
  assignee_id: {
    column: tasks.assignee_id,
    input: Assignee,
    output: Assignee,
    default: null,
    normalize: (id: string) => id.toLowerCase()
  },
  project_id: {
    column: tasks.project_id,
    input: ProjectIdInput,
    output: ProjectId,
    default: null,
    normalize: (id: string) => id.toLowerCase()
  },
  parent_id: {
    column: tasks.parent_id,
    input: ParentIdInput,
    output: ParentId,
    default: null,
    normalize: (id: string) => id.toLowerCase()
  }
} as const satisfies Record<string, WritableField>

type Declared = typeof DECLARED
export type FieldName = keyof Declared
export type FieldValues = { [Name in FieldName]: Static<Declared[Name]['input']> }
type RequiredName = {
  [Name in FieldName]: Declared[Name] extends { default: unknown } ? never : Name
}[FieldName]
export type CsvFieldName = {
  [Name in FieldName]: Declared[Name] extends { csv: CsvColumn } ? Name : never
}[FieldName]

const FIELDS: Record<FieldName, WritableField> = DECLARED
export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[]
/** Fields that refer to something, which must exist until the transaction ends. */
export const REFERENCES: readonly string[] = ['assignee_id', 'project_id', 'parent_id']

/** Makes something of each field, by its name. */
export const mapFields = <T>(make: (field: WritableField, name: FieldName) => T) =>
  Object.fromEntries(FIELD_NAMES.map((name) => [name, make(FIELDS[name], name)])) as Record<
    FieldName,
    T
  >

export const fieldColumns = mapFields(({ column }) => column) as {
  [Name in FieldName]: Declared[Name]['column']
}
export const inputSchemas = mapFields(({ input }) => input) as {
  [Name in FieldName]: Declared[Name]['input']
}
export const optionalInputSchemas = mapFields(({ input }) => Type.Optional(input)) as {
  [Name in FieldName]: TOptional<Declared[Name]['input']>
}
export const outputSchemas = mapFields(({ output }) => output) as {
  [Name in FieldName]: Declared[Name]['output']
}

/** What a new task has where its creator says nothing. */
export const DEFAULTS = Object.fromEntries(
  FIELD_NAMES.filter((name) => 'default' in FIELDS[name]).map((name) => [
    name,
    FIELDS[name].default
  ])
) as Omit<FieldValues, RequiredName>

const NORMALIZERS = FIELD_NAMES.flatMap((name) => {
  const { normalize } = FIELDS[name]
  return normalize ? [[name, normalize as (value: unknown) => unknown] as const] : []
})

/**
 * Returns the fields in the one spelling in which they are compared and stored. Throws when they contradict each other;
 * `pointer` says where they stand in the body.
 */
export function normalizeFields<T extends Partial<FieldValues>>(fields: T, pointer = ''): T {
  const normalized: Record<string, unknown> = normalizeDueDate({ ...fields }, pointer)
  for (const [name, normalize] of NORMALIZERS) {
    const value = normalized[name]
    if (value !== undefined && value !== null) {
      normalized[name] = normalize(value)
    }
  }
  return normalized as T
}

export const CSV_COLUMNS = FIELD_NAMES.flatMap((name) => {
  const { csv } = FIELDS[name]
  return csv ? [{ field: name as CsvFieldName, ...csv }] : []
})

function unlessBlank(
  parse: (text: string, zone?: TimeZone) => unknown
): (cell: string, zone?: TimeZone) => unknown {
  return (cell, zone) => {
    const text = cell.trim()
    return text === '' ? undefined : parse(text, zone)
  }
}

/** Reads a time without zone in `zone`, if there is one; the rest is judged like a request. */
function parseDueDate(text: string, zone?: TimeZone): string {
  return (zone && inZone(text, zone)) ?? text
}

function parseTags(text: string): string[] {
  return text
    .split(TAG_SEPARATOR)
    .map((tag) => tag.trim())
    .filter(Boolean)
}

import { type Static, type TOptional, type TSchema, Type } from '@sinclair/typebox'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { tasks } from '../../db/tables/tasks.ts'
import { ref } from '../../http/schemas.ts'
import { normalizeTimestamp } from '../../lib/timestamp.ts'
import {
  Assignee,
  Description,
  DueDate,
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
  /** Returns what a cell says, to be validated like a request; undefined when the field is absent. */
  parse: (cell: string) => unknown
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
    csv: { names: ['status'], parse: unlessBlank(parseStatus) }
  },
  priority: {
    column: tasks.priority,
    input: ref(TaskPriority),
    output: ref(TaskPriority),
    default: 'medium',
    csv: { names: ['priority'], parse: unlessBlank(parsePriority) }
  },
  due_date: {
    column: tasks.due_date,
    input: DueDate,
    output: DueDate,
    default: null,
    normalize: normalizeTimestamp,
    csv: {
      names: ['due_date', 'due'],
      parse: unlessBlank(parseDueDate),
      hint:
        'due_date must be a date such as 2026-01-31, which means its end in UTC, ' +
        'or a date and time with zone, such as 2026-01-31T09:00:00Z.'
    }
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

/** Returns the fields in the one spelling in which they are compared and stored. */
export function normalizeFields<T extends Partial<FieldValues>>(fields: T): T {
  const normalized: Record<string, unknown> = { ...fields }
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

function unlessBlank(parse: (text: string) => unknown): (cell: string) => unknown {
  return (cell) => {
    const text = cell.trim()
    return text === '' ? undefined : parse(text)
  }
}

/** What other programs, and people, call the states and priorities. */
const STATUS_NAMES = new Map([
  ['pending', 'todo'],
  ['to_do', 'todo'],
  ['not_started', 'todo'],
  ['completed', 'done']
])
const PRIORITY_NAMES = new Map([
  ['normal', 'medium'],
  ['urgent', 'high']
])

function parseStatus(text: string): string {
  const status = text.toLowerCase().replace(/[\s_-]+/g, '_')
  return STATUS_NAMES.get(status) ?? status
}

function parsePriority(text: string): string {
  const priority = text.toLowerCase()
  return PRIORITY_NAMES.get(priority) ?? priority
}

/** Reads a date without a time as its end in UTC. */
function parseDueDate(text: string): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T23:59:59.999Z` : text
}

function parseTags(text: string): string[] {
  return text
    .split(TAG_SEPARATOR)
    .map((tag) => tag.trim())
    .filter(Boolean)
}

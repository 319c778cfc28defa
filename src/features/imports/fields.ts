import { type CsvField, csvColumns } from '../tasks/schema.ts'

/** What a column can hold beside what callers write: these are kept when tasks move from one place to another. */
const KEPT_FIELDS = [
  'id',
  'parent_id',
  'project',
  'created_at',
  'completed_at',
  'deleted_at'
] as const
/** Known in exports of ours only: what others call so are projects of theirs. */
export const PROJECT = 'project_id' as const
/** Likewise: what others call so is a number. */
export const POSITION = 'position' as const
/** The task that a row is below of: its id, or what the file calls it. */
export const PARENT = 'parent_id' as const
/** A comment on the task of a row; no field, but columns and errors may be about one. */
export const COMMENT = 'comment' as const
/** The name of the project of a row. */
export const PROJECT_NAME = 'project' as const
type KeptField = (typeof KEPT_FIELDS)[number] | typeof PROJECT | typeof POSITION
export type ImportField = CsvField | KeptField
export const isKeptField = (field: ImportField): field is KeptField =>
  field === PROJECT || field === POSITION || KEPT_FIELDS.some((kept) => kept === field)

export const IMPORT_FIELDS: readonly ImportField[] = [
  ...csvColumns.map(({ field }) => field),
  ...KEPT_FIELDS,
  PROJECT,
  POSITION
]

/** The same for Due Date, due-date, dueDate, due.date, “Due date:” and due_date, and for what cannot be seen. */
export const keyOf = (name: string): string =>
  name
    .normalize('NFC')
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/[\s_.:*\-\p{Default_Ignorable_Code_Point}]+/gu, '')

/** What other files call a column; a column with a name of ours goes before one with these. */
const OTHER_NAMES = new Map<string, ImportField>([
  ['notes', 'description'],
  ['labels', 'tags'],
  ['deadline', 'due_date'],
  ['dueby', 'due_date'],
  ['dueon', 'due_date'],
  ['dueat', 'due_date'],
  ['duedatetime', 'due_date'],
  ['parent', PARENT],
  ['parenttask', PARENT],
  ['projectname', PROJECT_NAME]
])
const OUR_NAMES = new Map<string, ImportField>([
  ...KEPT_FIELDS.map((field) => [keyOf(field), field] as const),
  ...csvColumns.flatMap(({ names, field }) => names.map((name) => [keyOf(name), field] as const))
])

/** The fields by the keys of every name that a column may have in a file of no known program. */
export const FIELDS_BY_KEY: ReadonlyMap<string, ImportField> = new Map([
  ...OTHER_NAMES,
  ...OUR_NAMES
])
export const isOurName = (key: string): boolean => OUR_NAMES.has(key)

import { type Static, type TSchema, Type } from '@sinclair/typebox'
import {
  NO_NUL,
  NullableId,
  NullableText,
  NullableTimestamp,
  params,
  ref,
  responseBody
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import {
  AllDay,
  Description,
  DueDate,
  Tags,
  TaskPriority,
  TaskStatus,
  Title
} from '../tasks/fields.schema.ts'
import {
  FileEncoding,
  fileQuery,
  IgnoredColumns,
  MAX_COLUMN_NAME,
  MAX_COLUMNS,
  SourceName,
  Warnings
} from './file.schema.ts'
import { CreateProjects, ImportProjectId, MAX_ROWS, Rows, TaskImportError } from './schema.ts'

/** The projects that a preview shows; a file may name more. */
export const PREVIEW_PROJECTS = 100
/** How many tasks, and how many errors, a preview shows. */
export const PREVIEW_ROWS = 20

const TaskImportColumn = responseBody(
  'TaskImportColumn',
  {
    name: Type.String({
      maxLength: MAX_COLUMN_NAME,
      pattern: NO_NUL,
      description: 'Its name in the file.'
    }),
    field: NullableText('The field that it becomes, or `comment`; null when it is ignored.', 20)
  },
  {
    description: 'A column of a file, and what it becomes.',
    examples: [{ name: 'Due Date', field: 'due_date' }]
  }
)

const DRAFT_EXAMPLE = {
  row: 1,
  id: null,
  title: 'Paint the door',
  description: null,
  status: 'todo',
  priority: 'medium',
  due_date: '2026-02-01T23:59:59.999Z',
  all_day: true,
  tags: ['home'],
  project_id: null,
  project: null,
  parent_id: null,
  parent_row: null,
  created_at: null,
  completed_at: null
}
const TaskImportDraft = responseBody(
  'TaskImportDraft',
  {
    row: Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: MAX_ROWS,
      description: 'The number of the row.'
    }),
    id: NullableId('The id of the task in the file, if it has one that counts.'),
    title: Title,
    description: Description,
    status: ref(TaskStatus),
    priority: ref(TaskPriority),
    due_date: DueDate,
    all_day: AllDay,
    tags: Tags,
    project_id: NullableId('The project that it goes into; null for your personal list.'),
    project: NullableText('The name of its project, where the file names it so.', 100),
    parent_id: NullableId('The task that it is a subtask of, where the file names it by its id.'),
    parent_row: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      format: 'int32',
      minimum: 1,
      maximum: MAX_ROWS,
      description: 'The row of the task that it is a subtask of, where the file names it otherwise.'
    }),
    created_at: NullableTimestamp('When it was created, if the file says so.'),
    completed_at: NullableTimestamp('When it was finished, if the file says so.')
  },
  { description: 'A task as an import would create it.', examples: [DRAFT_EXAMPLE] }
)
export type TaskImportDraft = Static<typeof TaskImportDraft>

const TaskImportProject = responseBody(
  'TaskImportProject',
  {
    name: Type.String({ maxLength: 100, pattern: NO_NUL, description: 'Its name in the file.' }),
    project_id: NullableId(
      'The project of yours into which its rows go; null where there is none, and an import creates it.'
    ),
    rows_total: Rows('How many rows of the file go into it.')
  },
  {
    description: 'A project that a file has, or that its rows name.',
    examples: [{ name: 'New kitchen', project_id: null, rows_total: 12 }]
  }
)

const FileFormat = Type.String({
  maxLength: 20,
  pattern: '^[a-z_]+$',
  description: '`csv` or `json_lines`.'
})

export const TaskImportPreview = responseBody(
  'TaskImportPreview',
  {
    source: SourceName,
    format: FileFormat,
    encoding: ref(FileEncoding),
    delimiter: NullableText('What separates cells; null for JSON lines.', 10),
    columns: Type.Array(ref(TaskImportColumn), {
      maxItems: MAX_COLUMNS,
      description: 'The columns in their order, with the fields that they become.'
    }),
    ignored_columns: IgnoredColumns,
    rows_total: Rows('How many data rows the file has, without the header and without blank rows.'),
    rows_valid: Rows('How many of them are tasks that can be imported.'),
    rows_skipped: Rows('How many are no tasks.'),
    rows_rejected: Rows('How many would be rejected.'),
    tasks: Type.Array(ref(TaskImportDraft), {
      maxItems: PREVIEW_ROWS,
      description: 'The first valid rows as tasks.'
    }),
    comments_total: Rows('How many comments the file has.'),
    projects: Type.Array(ref(TaskImportProject), {
      maxItems: PREVIEW_PROJECTS,
      description:
        'The projects of the file, up to 100. Without `create_projects` those that are missing are not created.'
    }),
    errors: Type.Array(ref(TaskImportError), {
      maxItems: PREVIEW_ROWS,
      description: 'The first errors, in the order of rows.'
    }),
    warnings: Warnings
  },
  {
    description: md`
      What an import would make of a file: what was recognised, the first tasks, and every doubt. Nothing of it is
      kept.`,
    examples: [
      {
        source: 'generic',
        format: 'csv',
        encoding: 'utf_8',
        delimiter: ',',
        columns: TaskImportColumn.examples,
        ignored_columns: [],
        rows_total: 1,
        rows_valid: 1,
        rows_skipped: 0,
        rows_rejected: 0,
        tasks: [DRAFT_EXAMPLE],
        projects: TaskImportProject.examples,
        comments_total: 0,
        errors: [],
        warnings: []
      }
    ]
  }
)
export type TaskImportPreview = Static<typeof TaskImportPreview>

export const TaskImportPreviewQuery = params({
  ...fileQuery,
  project_id: ImportProjectId,
  create_projects: CreateProjects
})

export const previewSchemas: TSchema[] = [
  TaskImportColumn,
  TaskImportDraft,
  TaskImportProject,
  TaskImportPreview
]

import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import { ProblemBody } from '../../http/problem.schema.ts'
import {
  Id,
  NO_NUL,
  NullableId,
  NullableText,
  NullableTimestamp,
  params,
  ref,
  responseBody,
  stringEnum,
  Timestamp
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import {
  DateOrder,
  FileEncoding,
  fileQuery,
  IgnoredColumns,
  MAX_FILE_NAME,
  MAX_VALUE,
  SourceName,
  TaskImportUpload,
  TaskImportWarning,
  Warnings
} from './file.schema.ts'

export const MAX_ROWS = 10_000_000
/** The errors of an import that are stored: 100 000 rows of a few bytes could otherwise leave 100 MB. */
export const MAX_STORED_ERRORS = 1000

export const OnConflict = stringEnum(
  'TaskImportConflict',
  ['skip', 'update', 'error'],
  md`
    What happens to a row whose \`id\` is that of a task of yours: \`skip\` leaves the task as it is, \`update\` gives
    it the values of the row, \`error\` rejects the row.`
)
export type OnConflict = Static<typeof OnConflict>

export const TaskImportStatus = stringEnum(
  'TaskImportStatus',
  ['queued', 'running', 'succeeded', 'failed', 'cancelled'],
  'How far an import is; the last three are final.'
)

export const Rows = (description: string) =>
  Type.Integer({ format: 'int32', minimum: 0, maximum: MAX_ROWS, description })
const ErrorsTotal = Type.Integer({
  format: 'int32',
  minimum: 0,
  maximum: 2_147_483_647,
  description:
    'How many errors the rows have; one can have several. Rows with the column `parent_id` may be imported all the ' +
    'same, at another place, and those with `comment` without it. The first 1000 are stored and listed.'
})
const EXAMPLE = {
  id: '019f2f6e-7c1a-7eee-8eee-0123456789ab',
  status: 'running',
  file_name: 'tasks.csv',
  dry_run: false,
  project_id: null,
  rows_total: 1200,
  rows_processed: 500,
  rows_imported: 498,
  rows_rejected: 2,
  errors_total: 2,
  rows_created: 498,
  rows_updated: 0,
  rows_skipped: 0,
  projects_created: 0,
  comments_created: 0,
  source: 'generic',
  ignored_columns: ['Owner'],
  warnings: [],
  created_at: '2026-01-02T03:04:05.678Z',
  started_at: '2026-01-02T03:04:05.789Z',
  finished_at: null
}

export const TaskImport = responseBody(
  'TaskImport',
  {
    id: Id("The import's id."),
    status: ref(TaskImportStatus),
    file_name: Type.String({
      maxLength: MAX_FILE_NAME,
      pattern: NO_NUL,
      description: 'The name of the file.'
    }),
    dry_run: Type.Boolean({
      description: 'True for a dry run: rows are validated, and no tasks are created.'
    }),
    project_id: NullableId(
      'The project that its tasks go into, as the request named it; null where it named none.'
    ),
    rows_total: Rows('How many data rows the file has, without the header and without blank rows.'),
    rows_processed: Rows(
      'How many of them have been processed: the sum of imported, skipped and rejected rows.'
    ),
    rows_imported: Rows(
      'How many created or changed a task, or would have without `dry_run`; each was committed before it was counted.'
    ),
    rows_created: Rows('How many of the imported rows created a task.'),
    rows_updated: Rows('How many of the imported rows changed a task that you had.'),
    rows_skipped: Rows(
      'How many changed nothing: their task exists (see `on_conflict`), or they are no tasks.'
    ),
    rows_rejected: Rows('How many were rejected; see the errors.'),
    projects_created: Rows('How many projects were created from the export of an account.'),
    comments_created: Rows('How many comments were added from it.'),
    errors_total: ErrorsTotal,
    source: SourceName,
    ignored_columns: IgnoredColumns,
    warnings: Warnings,
    created_at: Timestamp('When the file was received.'),
    started_at: NullableTimestamp('When the import started to run.'),
    finished_at: NullableTimestamp('When it succeeded, failed or was cancelled.'),
    problem: Type.Optional(ref(ProblemBody))
  },
  {
    description:
      'An import of tasks from a CSV file. Poll it until its status is final. If it failed, `problem` says why.',
    examples: [EXAMPLE]
  }
)
export type TaskImport = Static<typeof TaskImport>

export const TaskImportPage = pageSchema('TaskImportPage', TaskImport, 'A page of imports.')

export const TaskImportError = responseBody(
  'TaskImportError',
  {
    row: Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: MAX_ROWS,
      description:
        'The number of the row: data rows count from 1, without the header and blank rows.'
    }),
    column: NullableText(
      md`
        The field: \`title\`, \`description\`, \`status\`, \`priority\`, \`due_date\`, \`tags\`, \`id\`,
        \`project_id\`, \`project\`, \`parent_id\`, \`created_at\` or \`completed_at\`; \`comment\` for a comment that
        is left out; null for an error of the row as a whole.`,
      20
    ),
    code: Type.String({
      maxLength: 50,
      pattern: '^[a-z_]+$',
      description:
        'Which rule was broken, such as `required` or `unknown_value`. New codes may come.'
    }),
    message: Type.String({
      maxLength: 2000,
      pattern: NO_NUL,
      description: 'What a valid value looks like.'
    }),
    value: NullableText(
      'The beginning of the value in the file, up to 200 characters; null when there is none.',
      MAX_VALUE
    )
  },
  {
    description: md`
      Why a row was rejected, one entry for each error; or with the column \`parent_id\`, why the task of a row that is
      imported is not a subtask of the one that the row names; or with \`comment\`, why a comment is left out.`,
    examples: [
      {
        row: 9,
        column: 'status',
        code: 'unknown_value',
        message: 'status must be one of todo, in_progress, done.',
        value: 'whatever'
      }
    ]
  }
)
export type TaskImportError = Static<typeof TaskImportError>

const errorPage = pageSchema(
  'TaskImportErrorPage',
  TaskImportError,
  'A page of errors, in the order of rows: of the first 1000, where `errors_total` is more.'
)
export const TaskImportErrorPage = responseBody(
  'TaskImportErrorPage',
  { ...errorPage.properties, errors_total: ErrorsTotal },
  {
    description: errorPage.description as string,
    examples: [{ ...errorPage.examples[0], errors_total: 1 }]
  }
)

export const ImportProjectId = Type.Optional(
  Id(md`
    The project that the tasks go into, of which you are an editor at least. Without it they are personal; those of an
    export go into the project of their row, and a row is rejected where you may not create tasks there.`)
)

export const CreateProjects = Type.Optional(
  Type.Boolean({
    default: true,
    description: md`
      Whether projects are created, as yours, that rows name and that you do not have. Without it such rows are
      rejected. With \`project_id\` there are none.`
  })
)

export const TaskImportCreateQuery = params({
  dry_run: Type.Optional(
    Type.Boolean({
      default: false,
      description: md`
        Validate the rows without creating tasks. Of rows with the same \`id\`, hundreds of rows apart, each counts as
        if the ones before had not been there.`
    })
  ),
  on_conflict: Type.Optional(ref(OnConflict)),
  ...fileQuery,
  project_id: ImportProjectId,
  create_projects: CreateProjects
})
export type TaskImportCreateQuery = Static<typeof TaskImportCreateQuery>
export const TaskImportParams = params({ import_id: Id("The import's id.") })
export const TaskImportListQuery = params(PageQuery)

export const schemas: TSchema[] = [
  TaskImportStatus,
  FileEncoding,
  DateOrder,
  OnConflict,
  TaskImportWarning,
  TaskImport,
  TaskImportPage,
  TaskImportError,
  TaskImportErrorPage,
  TaskImportUpload
]

import { type Static, Type } from '@sinclair/typebox'
import { NO_NUL, ref, requestBody, responseBody, stringEnum } from '../../http/schemas.ts'
import { TimeZoneName } from '../../http/time-zone.ts'
import { md } from '../../lib/md.ts'

/** The most columns of a file; each may have to be listed as ignored. */
export const MAX_COLUMNS = 200
export const MAX_COLUMN_NAME = 100
export const MAX_FILE_NAME = 255
/** Only the beginning of an invalid value is stored. */
export const MAX_VALUE = 200
/** As text, also in a URL. */
export const MAX_MAPPING = 4000
/** Each kind of warning comes once, so a file has few. */
export const MAX_WARNINGS = 20
export const FileEncoding = stringEnum(
  'TaskImportEncoding',
  [
    'utf_8',
    'utf_16le',
    'utf_16be',
    'windows_1250',
    'windows_1251',
    'windows_1252',
    'iso_8859_15',
    'shift_jis',
    'gb18030',
    'big5',
    'euc_kr'
  ],
  'How the characters of a file are written as bytes.'
)
export type FileEncoding = Static<typeof FileEncoding>

export const DateOrder = stringEnum(
  'TaskImportDateOrder',
  ['dmy', 'mdy'],
  'Whether 04/05/2026 is 4 May (`dmy`) or 5 April (`mdy`).'
)
export const SourceName = Type.String({
  maxLength: 30,
  pattern: '^[a-z_]+$',
  description: md`
    The program whose export the file is, by its columns: \`tasklane\`, \`todoist\`, \`ticktick\`, \`trello\`,
    \`asana\`, \`jira\`, \`planner\`, \`microsoft_to_do\`, \`outlook\`, \`google_tasks\`; \`generic\` for any
    other. More may come.`
})
export const IgnoredColumns = Type.Array(
  Type.String({
    maxLength: MAX_COLUMN_NAME,
    pattern: NO_NUL,
    description: 'The name of a column.'
  }),
  { maxItems: MAX_COLUMNS, description: 'Columns of the file that are not imported.' }
)

export const TaskImportWarning = responseBody(
  'TaskImportWarning',
  {
    code: Type.String({
      maxLength: 50,
      pattern: '^[a-z_]+$',
      description: 'What it is about, such as `encoding_assumed`. New codes may come.'
    }),
    detail: Type.String({
      maxLength: 2000,
      pattern: NO_NUL,
      description: 'What was assumed or left out, and how to say it otherwise.'
    })
  },
  {
    description: 'Something about a file that you may not expect; rows are imported all the same.',
    examples: [
      {
        code: 'encoding_assumed',
        detail: 'The file is not UTF-8 and names no encoding; it was read as Windows-1252.'
      }
    ]
  }
)
export type TaskImportWarning = Static<typeof TaskImportWarning>
export const Warnings = Type.Array(ref(TaskImportWarning), {
  maxItems: MAX_WARNINGS,
  description: 'What was assumed or left out; one entry for each kind.'
})

/** How a file is to be read, where that cannot be seen. */
export const fileQuery = {
  encoding: Type.Optional(ref(FileEncoding)),
  date_order: Type.Optional(ref(DateOrder)),
  time_zone: Type.Optional(
    TimeZoneName(md`
      The time zone of times in the file that have none, such as \`2026-12-31 14:00\`; without it the rows of such due
      dates are rejected, and times of creation and completion are read as UTC. A due date without a time has no zone:
      the task is due on that day, wherever one is.`)
  ),
  mapping: Type.Optional(
    Type.String({
      maxLength: MAX_MAPPING,
      pattern: NO_NUL,
      description: 'What the columns are, as the field `mapping` of the form says it.'
    })
  )
}

export const TaskImportUpload = requestBody(
  'TaskImportUpload',
  {
    file: Type.String({
      format: 'binary',
      description: 'A file of tasks: CSV with a header, or JSON lines.'
    }),
    mapping: Type.Optional(
      Type.String({
        maxLength: MAX_MAPPING,
        pattern: NO_NUL,
        description: md`
          What the columns of the file are, as a JSON object from their names to fields, such as
          \`{"Task": "title", "Owner": null}\`; null ignores a column. The others are recognised by their names. Send
          it before a file of more than 64 KiB.`
      })
    )
  },
  { description: 'The file to import.' }
)

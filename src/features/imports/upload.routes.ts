import multipart from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../core/deps.ts'
import { apiPath } from '../../http/api-path.ts'
import { IdempotencyKey, sendIdempotent } from '../../http/idempotency.ts'
import { uploadTimeoutMs } from '../../http/request-timeout.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { readTimeZone } from '../../http/time-zone.ts'
import { md } from '../../lib/md.ts'
import { TaskImportUpload } from './file.schema.ts'
import { FILE_TYPES } from './file-type.ts'
import { TaskImportPreview, TaskImportPreviewQuery } from './preview.schema.ts'
import { TaskImport, TaskImportCreateQuery } from './schema.ts'
import { createImportService } from './service.ts'
import { readUpload } from './upload.ts'

/** After the last byte, for the rest to be stored. */
const STAGING_MS = 30_000
const POLL_SECONDS = '1'

const FILE_HELP = md`
  The file is CSV with a header, or JSON lines: an object for each task by the same names, or what exportMe returns.
  Delimiter and encoding are recognised (\`,\`, \`;\`, tabs, \`|\`; UTF-8, UTF-16, Windows-1252), and so are the
  exports of other programs (\`source\`). Columns, whatever their case, blanks, hyphens and underscores: \`title\` or
  \`subject\` (exactly one of them), \`description\` or \`notes\`, \`status\` (also pending, in-progress, to do, not
  started, completed), \`priority\` (also normal, urgent), \`due_date\` or \`due\` (a date, which makes the task
  due on that day, wherever one is, or a time with zone, or one in \`time_zone\`), \`tags\` (separated by \`|\`)
  or \`labels\`, \`id\`, \`parent_id\` or \`parent\` (the id or the title of another row), \`project\` (a name),
  \`created_at\`, \`completed_at\`. Say with \`mapping\` what other columns are; those
  that stay are listed in \`ignored_columns\`. Days and months with slashes are read in the order that the file
  shows, or in \`date_order\`.
  Instead of a form, the body may be the file itself, as \`text/csv\`, \`application/x-ndjson\` or \`text/plain\`.`

const createTaskImport = {
  operationId: 'createTaskImport',
  tags: ['TaskImports'],
  summary: 'Import tasks from a file',
  description: md`
    Accepts a file and responds before its rows are imported: poll the import until its status is final. An invalid row
    is rejected and listed among the errors; each valid row becomes exactly one task. An empty cell means that the field
    is absent; blank rows are skipped. One \`'\` before what a spreadsheet would run as a formula is removed, because
    an export adds it. A row whose \`id\` is that of a task of yours is skipped, unless \`on_conflict\` says otherwise,
    and so is one whose task is somebody else's and you see, which an import never changes: importing an export again
    adds nothing. A row that names a parent becomes a subtask, wherever its parent is in the file; where it cannot be
    one, its task is imported at another place, and that is among the errors. Tasks of a project belong to its owner; if
    you lose the right to create them there before the last row, the import fails and says so. The same file under the
    same \`Idempotency-Key\` is imported once. What exportMe returns brings along its projects and comments, as yours.

    ${FILE_HELP}`,
  consumes: ['multipart/form-data'],
  headers: IdempotencyKey,
  querystring: TaskImportCreateQuery,
  body: ref(TaskImportUpload),
  response: responses(
    { 202: ref(TaskImport) },
    'not_allowed',
    'project_archived',
    'too_many_imports',
    'idempotency_in_flight',
    'response_not_stored',
    'idempotency_key_reused'
  )
} as const

const previewTaskImport = {
  operationId: 'previewTaskImport',
  tags: ['TaskImports'],
  summary: 'Preview an import',
  description: md`
    Reads a file as an import does and returns what it would make of it: the program, the columns and their fields, the
    first tasks, the first errors, and what was assumed. Nothing changes and nothing is kept. It takes the same form and
    the same parameters as createTaskImport. Whether tasks exist and quotas allow them is not looked at: that is what a
    dry run is for.`,
  consumes: ['multipart/form-data'],
  querystring: TaskImportPreviewQuery,
  body: ref(TaskImportUpload),
  response: responses({ 200: ref(TaskImportPreview) }, 'not_allowed', 'project_archived')
} as const

const accepted = (queued: TaskImport) => ({
  status: 202,
  headers: { location: apiPath(`/task-imports/${queued.id}`), 'retry-after': POLL_SECONDS },
  body: queued
})

/** Throws when there is no such zone, before the file is read. */
const optionsOf = ({ time_zone, project_id, ...query }: TaskImportCreateQuery) => ({
  ...query,
  project_id: project_id?.toLowerCase(),
  zone: readTimeZone(time_zone)
})

/** Receives files. Alone in its plugin, because only here a body may be a file or a form. */
export async function taskImportUploadRoutes(
  app: App,
  { db, config, wakeJobs }: Pick<Deps, 'db' | 'config' | 'wakeJobs'>
) {
  const imports = createImportService({ db, maxRows: config.IMPORT_MAX_ROWS, wakeJobs })
  const requestTimeoutMs = uploadTimeoutMs(config.IMPORT_MAX_BYTES)
  const handlerTimeout = requestTimeoutMs + STAGING_MS
  const maxBytes = config.IMPORT_MAX_BYTES
  const mayWrite = { allow: 'user', scope: 'imports:write', requestTimeoutMs } as const
  await app.register(multipart)
  app.addContentTypeParser(FILE_TYPES, (_request, payload, done) => done(null, payload))

  const stage = (request: FastifyRequest, query: TaskImportCreateQuery) => {
    const { mapping, dry_run = false, ...options } = optionsOf(query)
    return readUpload(request, {
      maxBytes,
      mapping,
      accept: ({ mapping, ...file }) =>
        imports.stageFile(request.ctx, { ...file, options: { ...options, dry_run, mapping } }),
      undo: ({ id }) => imports.discardStaged(request.ctx, id)
    })
  }

  app.post(
    '/',
    { config: { ...mayWrite, budget: 'imports' }, handlerTimeout, schema: createTaskImport },
    async (request, reply) => {
      const staged = await stage(request, request.query)
      try {
        return await sendIdempotent(db, request, reply, {
          work: (tx) => imports.queueImport(request.ctx, staged, tx),
          respond: accepted,
          payload: { file: staged.sha256 }
        })
      } finally {
        // After a replay or a problem the rows are still staged; an import that is queued is not affected.
        await imports.discardStaged(request.ctx, staged.id)
      }
    }
  )

  app.post(
    '/preview',
    {
      config: { ...mayWrite, budget: 'import_previews' },
      handlerTimeout,
      schema: previewTaskImport
    },
    (request) => {
      const { mapping, ...options } = optionsOf(request.query)
      return readUpload(request, {
        maxBytes,
        mapping,
        accept: ({ source, mapping }) =>
          imports.previewFile(request.ctx, { source, options: { ...options, mapping } }),
        undo: async () => {}
      })
    }
  )
}

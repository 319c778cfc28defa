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
import { TaskImport, TaskImportCreateQuery, TaskImportUpload } from './schema.ts'
import { createImportService } from './service.ts'
import type { ImportFile } from './staging.ts'
import { readUpload } from './upload.ts'

/** After the last byte, for the rest to be stored. */
const STAGING_MS = 30_000
const POLL_SECONDS = '1'

const createTaskImport = {
  operationId: 'createTaskImport',
  tags: ['TaskImports'],
  summary: 'Import tasks from a CSV file',
  description: md`
    Accepts a file and responds before its rows are imported: poll the import until its status is final. Columns,
    whatever their case, blanks, hyphens and underscores: \`title\` or \`subject\` (exactly one of them),
    \`description\`, \`status\` (also pending, in-progress, to do, not started, completed), \`priority\` (also normal,
    urgent), \`due_date\` or \`due\` (a date, which makes the task due on that day, wherever one is, or a time with
    zone, or one in \`time_zone\`), \`tags\` (separated by \`|\`). Other columns are listed in \`ignored_columns\`.
    An invalid row is rejected and listed among the errors; each valid row becomes exactly one task. An empty cell
    means that the field is absent; blank rows are skipped. One \`'\` before what a spreadsheet would run as a formula
    is removed, because an export adds it. The same file under the same \`Idempotency-Key\` is imported once.`,
  consumes: ['multipart/form-data'],
  headers: IdempotencyKey,
  querystring: TaskImportCreateQuery,
  body: ref(TaskImportUpload),
  response: responses(
    { 202: ref(TaskImport) },
    'too_many_imports',
    'idempotency_in_flight',
    'response_not_stored',
    'idempotency_key_reused'
  )
} as const
const accepted = (queued: TaskImport) => ({
  status: 202,
  headers: { location: apiPath(`/task-imports/${queued.id}`), 'retry-after': POLL_SECONDS },
  body: queued
})

/** Receives files. Alone in its plugin, because only here a body may be a form. */
export async function taskImportUploadRoutes(
  app: App,
  { db, config, wakeJobs }: Pick<Deps, 'db' | 'config' | 'wakeJobs'>
) {
  const imports = createImportService({ db, maxRows: config.IMPORT_MAX_ROWS, wakeJobs })
  const requestTimeoutMs = uploadTimeoutMs(config.IMPORT_MAX_BYTES)
  await app.register(multipart)

  const stage = (request: FastifyRequest, options: Pick<ImportFile, 'dry_run' | 'zone'>) =>
    readUpload(request, {
      maxBytes: config.IMPORT_MAX_BYTES,
      accept: (upload) => imports.stageFile(request.ctx, { ...upload, ...options }),
      undo: ({ id }) => imports.discardStaged(request.ctx, id)
    })

  app.post(
    '/',
    {
      config: { allow: 'user', scope: 'imports:write', budget: 'imports', requestTimeoutMs },
      handlerTimeout: requestTimeoutMs + STAGING_MS,
      schema: createTaskImport
    },
    async (request, reply) => {
      const { dry_run = false, time_zone } = request.query
      const staged = await stage(request, { dry_run, zone: readTimeZone(time_zone) })
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
}

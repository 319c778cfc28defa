import multipart from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { IdempotencyKey, runIdempotent, sendStored } from '../../http/idempotency.ts'
import { DEFAULT_LIMIT } from '../../http/pagination.schema.ts'
import { addLinkHeader, cursors, paginateNewestFirst, toPage } from '../../http/pagination.ts'
import { uploadTimeoutMs } from '../../http/request-timeout.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { findImport, listErrors, listImports } from './queries.ts'
import {
  TaskImport,
  TaskImportCreateQuery,
  TaskImportErrorPage,
  TaskImportListQuery,
  TaskImportPage,
  TaskImportParams,
  TaskImportUpload
} from './schema.ts'
import { cancelOwnImport, discardStaged, queueImport, stageFile } from './service.ts'
import { readUpload } from './upload.ts'

const tags = ['TaskImports']
/** After the last byte: for the rest to be stored. */
const STAGING_MS = 30_000
const POLL_SECONDS = '1'

/** Files become tasks: received here, worked on elsewhere (job.ts). */
export async function taskImportRoutes(
  app: App,
  { db, config, secrets, wakeJobs }: Pick<Deps, 'db' | 'config' | 'secrets' | 'wakeJobs'>
) {
  const keys = deriveKeys(secrets, 'cursor')
  const { encode, decode } = cursors(keys)
  const page = paginateNewestFirst(keys)
  const requestTimeoutMs = uploadTimeoutMs(config.IMPORT_MAX_BYTES)

  app.register(async (scope: App) => {
    await scope.register(multipart)
    scope.post(
      '/',
      {
        config: { allow: 'user', scope: 'imports:write', budget: 'imports', requestTimeoutMs },
        handlerTimeout: requestTimeoutMs + STAGING_MS,
        schema: {
          operationId: 'createTaskImport',
          tags,
          summary: 'Import tasks from a CSV file',
          description:
            "Takes a file and answers before its rows are dealt with: ask for the import until its status is final. Columns, whatever their case: `title` or `subject` (one of them, and only one), `description`, `status` (also pending, in-progress, completed), `priority`, `due_date` (a date-time with zone, or a date, which means its end in UTC), `tags` (separated by `|`). Others are named in `ignored_columns`. A bad row is rejected and listed among the errors, the good ones go in, each exactly once. An empty cell is an absent one; rows without any content are skipped. One `'` before what a spreadsheet would run as a formula is taken off, as an export puts it there. The same file under the same `Idempotency-Key` is imported once.",
          consumes: ['multipart/form-data'],
          headers: IdempotencyKey,
          querystring: TaskImportCreateQuery,
          body: ref(TaskImportUpload),
          response: responses(
            { 202: ref(TaskImport) },
            'too_many_imports',
            'idempotency_in_flight',
            'idempotency_key_reused'
          )
        }
      },
      async (request, reply) => {
        const { owner_id, staged } = await receive(request)
        try {
          const answer = await runIdempotent(
            db,
            request,
            async (tx) => {
              const queued = await queueImport(tx, staged)
              return {
                status: 202,
                headers: {
                  location: `/api/v1/task-imports/${queued.id}`,
                  'retry-after': POLL_SECONDS
                },
                body: queued
              }
            },
            { file: staged.sha256 }
          )
          wakeJobs?.()
          return sendStored(reply, answer)
        } finally {
          // A replay or a refusal leaves the rows where they are; what is queued is no longer touched by this.
          await discardStaged(db, { owner_id, id: staged.id })
        }
      }
    )
  })

  const receive = async (request: FastifyRequest) => {
    const owner_id = request.caller.id
    const { dry_run = false } = request.query as { dry_run?: boolean }
    const staged = await readUpload(
      request,
      { maxBytes: config.IMPORT_MAX_BYTES },
      ({ file_name, source }) =>
        stageFile(
          db,
          { owner_id, request_id: request.id, dry_run, file_name, source },
          { maxRows: config.IMPORT_MAX_ROWS }
        ),
      (staged) => discardStaged(db, staged)
    )
    return { owner_id, staged }
  }

  app.get(
    '/',
    {
      config: { allow: 'user', scope: 'imports:read' },
      schema: {
        operationId: 'listTaskImports',
        tags,
        summary: 'List your imports',
        description: 'Your imports, newest first. They are kept for 30 days after their end.',
        querystring: TaskImportListQuery,
        response: responses({ 200: ref(TaskImportPage) })
      }
    },
    async (request, reply) =>
      page(request, reply, {
        list: 'task_imports',
        read: (limit, after) => listImports(db, request.caller.id, limit, after)
      })
  )

  app.get(
    '/:import_id',
    {
      config: { allow: 'user', scope: 'imports:read' },
      schema: {
        operationId: 'getTaskImport',
        tags,
        summary: 'See how far an import is',
        description:
          'Its state at this moment: what it counts is committed. `succeeded`, `failed` and `cancelled` are final; a second between two questions is enough.',
        params: TaskImportParams,
        response: responses({ 200: ref(TaskImport) }, 'not_found')
      }
    },
    async (request) => {
      const found = await findImport(db, request.caller.id, request.params.import_id)
      if (!found) {
        throw new Problem('not_found')
      }
      return found
    }
  )

  app.get(
    '/:import_id/errors',
    {
      config: { allow: 'user', scope: 'imports:read' },
      schema: {
        operationId: 'listTaskImportErrors',
        tags,
        summary: 'Read why rows were rejected',
        description:
          'Every fault of every rejected row so far, in the order of rows; they can be read while the import runs.',
        params: TaskImportParams,
        querystring: TaskImportListQuery,
        response: responses({ 200: ref(TaskImportErrorPage) }, 'not_found')
      }
    },
    async (request, reply) => {
      const {
        caller,
        params: { import_id },
        query: { limit = DEFAULT_LIMIT, cursor }
      } = request
      const binding = JSON.stringify(['task_import_errors', caller.id, import_id])
      const [row, column] = cursor === undefined ? [] : decode(binding, cursor)
      if (!(await findImport(db, caller.id, import_id))) {
        throw new Problem('not_found')
      }
      const found = await listErrors(
        db,
        caller.id,
        import_id,
        limit + 1,
        row === undefined ? undefined : { row: Number(row), column: column as string }
      )
      return addLinkHeader(
        request,
        reply,
        toPage(found, limit, (last) => encode(binding, [String(last.row), last.column ?? '']))
      )
    }
  )

  app.post(
    '/:import_id/cancel',
    {
      config: { allow: 'user', scope: 'imports:write' },
      schema: {
        operationId: 'cancelTaskImport',
        tags,
        summary: 'Cancel an import',
        description:
          'Takes effect at once or, while rows are being dealt with, after at most 500 of them. What was imported stays.',
        params: TaskImportParams,
        response: responses({ 200: ref(TaskImport) }, 'not_found', 'import_ended')
      }
    },
    async (request) => cancelOwnImport(db, request.caller.id, request.params.import_id)
  )
}

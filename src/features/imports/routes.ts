import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { withLinks } from '../../http/base-path.ts'
import { DEFAULT_LIMIT } from '../../http/pagination.schema.ts'
import { addLinkHeader, cursors, paginateNewestFirst, toPage } from '../../http/pagination.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { findImport, listErrors, listImports } from './queries.ts'
import {
  TaskImport,
  TaskImportErrorPage,
  TaskImportListQuery,
  TaskImportPage,
  TaskImportParams
} from './schema.ts'
import { createImportService } from './service.ts'

const tags = ['TaskImports']
const mayRead = { allow: 'user', scope: 'imports:read' } as const
const mayWrite = { allow: 'user', scope: 'imports:write' } as const

const listTaskImports = {
  config: mayRead,
  schema: {
    operationId: 'listTaskImports',
    tags,
    summary: 'List your imports',
    description: 'Returns your imports, newest first. An import is deleted 30 days after its end.',
    querystring: TaskImportListQuery,
    response: responses({ 200: ref(TaskImportPage) })
  }
} as const

const getTaskImport = {
  config: mayRead,
  schema: {
    operationId: 'getTaskImport',
    tags,
    summary: 'Read the progress of an import',
    description: md`
      Returns its current state: whatever it counts is committed. \`succeeded\`, \`failed\` and \`cancelled\` are final.
      Polling once a second is enough.`,
    params: TaskImportParams,
    response: responses({ 200: ref(TaskImport) }, 'not_found')
  }
} as const

const listTaskImportErrors = {
  config: mayRead,
  schema: {
    operationId: 'listTaskImportErrors',
    tags,
    summary: 'Read why rows were rejected',
    description: md`
      Returns the errors of the rows that have been rejected so far, in the order of rows. You can read them while the
      import runs. Of more than 1000 errors the first 1000 are stored: compare \`errors_total\`.`,
    params: TaskImportParams,
    querystring: TaskImportListQuery,
    response: responses({ 200: ref(TaskImportErrorPage) }, 'not_found')
  }
} as const

const cancelTaskImport = {
  config: mayWrite,
  schema: {
    operationId: 'cancelTaskImport',
    tags,
    summary: 'Cancel an import',
    description: md`
      Takes effect at once or, while rows are being imported, after at most 500 of them. Tasks that were created stay.`,
    params: TaskImportParams,
    response: responses({ 200: ref(TaskImport) }, 'not_found', 'import_ended')
  }
} as const

const show = (app: App, row: TaskImport): TaskImport =>
  row.problem ? { ...row, problem: withLinks(app, row.problem) } : row

/** The caller's imports; upload.routes.ts creates them. */
export async function taskImportRoutes(
  app: App,
  { db, config, secrets }: Pick<Deps, 'db' | 'config' | 'secrets'>
) {
  const keys = deriveKeys(secrets, 'cursor')
  const { encode, decode } = cursors(keys)
  const paginate = paginateNewestFirst(keys)
  const imports = createImportService({ db, maxRows: config.IMPORT_MAX_ROWS })

  app.get('/', listTaskImports, (request, reply) =>
    paginate(request, reply, {
      list: 'task_imports',
      read: async (limit, after) =>
        (await listImports(db, request.ctx.caller.id, limit, after)).map((row) => show(app, row))
    })
  )

  app.get('/:import_id', getTaskImport, async (request) =>
    show(app, await imports.readImport(request.ctx, request.params.import_id))
  )

  app.get('/:import_id/errors', listTaskImportErrors, async (request, reply) => {
    const { caller } = request.ctx
    const { import_id } = request.params
    const { limit = DEFAULT_LIMIT, cursor } = request.query
    const binding = JSON.stringify(['task_import_errors', caller.id, import_id])
    const [row, column = ''] = cursor === undefined ? [] : decode(binding, cursor)
    const found = await findImport(db, caller.id, import_id)
    if (!found) {
      throw new Problem('not_found')
    }
    const after = row === undefined ? undefined : { row: Number(row), column }
    const errors = await listErrors(db, caller.id, import_id, limit + 1, after)
    const page = addLinkHeader(
      request,
      reply,
      toPage(errors, limit, (last) => encode(binding, [String(last.row), last.column ?? '']))
    )
    return { ...page, errors_total: found.errors_total }
  })

  app.post('/:import_id/cancel', cancelTaskImport, (request) =>
    imports.cancelImport(request.ctx, request.params.import_id)
  )
}

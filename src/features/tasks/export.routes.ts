import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../core/deps.ts'
import { noBody } from '../../http/plugins/head-requests.ts'
import { CsvFile, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { visibleBranches } from './access.sql.ts'
import { createTaskExport, csvOfTasks, HEADER } from './export.ts'
import { TaskExportQuery } from './list.schema.ts'
import { Task } from './schema.ts'

/** Enough for a million tasks over a slow connection; after that the transfer is aborted. */
const EXPORT_MS = 3_600_000

const EXAMPLE = HEADER + csvOfTasks(Task.examples)

const exportTasksCsv = {
  config: { allow: 'user', scope: 'tasks:read' },
  handlerTimeout: EXPORT_MS,
  schema: {
    operationId: 'exportTasks',
    tags: ['Tasks'],
    summary: 'Export tasks as CSV',
    description: md`
      Streams all tasks that a list with the same filters returns, oldest first: UTF-8, a header, then a record for
      each task (RFC 4180). Importing the file gives the same tasks. A cell that a spreadsheet would run as a formula
      is prefixed with \`'\`, which an import removes; tags are separated by \`|\`; an all-day task is due on a date
      without time; an empty cell is null, \`""\` an empty text. Each task is in the file once, as it is when the
      stream reaches it. A transfer that is aborted ends without its last chunk, so that no client takes the file for
      complete; so does one whose client reads nothing for 30 seconds. A user can have two exports in progress at
      once; a further one is a 429.`,
    querystring: TaskExportQuery,
    response: responses({ 200: CsvFile('The tasks, a record each.', EXAMPLE) }, 'not_allowed')
  }
} as const

type ExportRequest = FastifyRequest<{ Querystring: TaskExportQuery }>

/** Tasks as a file, by the same filters as the list. */
export async function taskExportRoutes(app: App, { db }: Pick<Deps, 'db'>) {
  const exportTasks = createTaskExport(db, app)

  /** HEAD is asked as often as a client likes: it has no file, which would be read for nobody. */
  const openFile = async ({ method, ctx, query }: ExportRequest) => {
    if (method === 'HEAD') {
      visibleBranches(ctx.caller, query)
      return noBody()
    }
    const giveBack = app.takePlace('exports', ctx.caller)
    try {
      return (await exportTasks(ctx, query)).once('close', giveBack)
    } catch (error) {
      giveBack()
      throw error
    }
  }

  app.get('/csv', exportTasksCsv, async (request, reply) => {
    const file = await openFile(request)
    const today = new Date().toISOString().slice(0, 10)
    // Also when the connection is gone before the file is sent.
    reply.raw.once('close', () => file.destroy())
    reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="tasks-${today}.csv"`)
    return reply.send(file)
  })
}

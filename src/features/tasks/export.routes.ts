import type { Deps } from '../../core/deps.ts'
import { EXPORT_MS, sendExport } from '../../http/export-file.ts'
import { CsvFile, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { visibleBranches } from './access.sql.ts'
import { createTaskExport, csvOfTasks, HEADER } from './export.ts'
import { TaskExportQuery } from './list.schema.ts'
import { Task } from './schema.ts'

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

/** Tasks as a file, by the same filters as the list. */
export async function taskExportRoutes(app: App, { db }: Pick<Deps, 'db'>) {
  const exportTasks = createTaskExport(db, app)

  app.get('/csv', exportTasksCsv, async (request, reply) => {
    const { ctx, query } = request
    // Also for HEAD, which reads nothing.
    visibleBranches(ctx.caller, query)
    return sendExport(request, reply, {
      type: 'text/csv; charset=utf-8',
      name: (today) => `tasks-${today}.csv`,
      open: () => exportTasks(ctx, query)
    })
  })
}

import type { Deps } from '../../core/deps.ts'
import { CsvFile, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { createTaskExport, csvOfTasks, HEADER } from './export.ts'
import { TaskFilterQuery } from './list.schema.ts'
import { Task } from './schema.ts'

/** A million tasks by a slow line; after that the transfer is broken off. */
const EXPORT_MS = 3_600_000

const EXAMPLE = HEADER + csvOfTasks(Task.examples as Task[])

/** Tasks as a file, by the same filters as the list. */
export async function taskExportRoutes(app: App, { db }: Pick<Deps, 'db'>) {
  const exportTasks = createTaskExport(db)

  app.get(
    '/csv',
    {
      config: { allow: 'user', scope: 'tasks:read' },
      handlerTimeout: EXPORT_MS,
      schema: {
        operationId: 'exportTasks',
        tags: ['Tasks'],
        summary: 'Export tasks as CSV',
        description:
          'All tasks that a list with the same filters shows, oldest first, as a stream: UTF-8, a header, then a record for each task (RFC 4180). Importing the file gives the same tasks. A cell that a spreadsheet would run as a formula has a `\'` in front, which an import takes off again; tags are separated by `|`; an empty cell is null, `""` an empty text. Each task is in it once, as it is when the stream comes to it. A transfer that breaks off ends without its last chunk, so that no client takes it for whole.',
        querystring: TaskFilterQuery,
        response: responses({ 200: CsvFile('The tasks, a record each.', EXAMPLE) }, 'not_allowed')
      }
    },
    async (request, reply) => {
      const file = await exportTasks(request.caller, request.query)
      const today = new Date().toISOString().slice(0, 10)
      reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="tasks-${today}.csv"`)
      return reply.send(file)
    }
  )
}

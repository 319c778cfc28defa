import type { Deps } from '../../core/deps.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { TaskFilterQuery, TaskStats } from './list.schema.ts'
import { countTasksBy } from './stats.ts'

/** Counts for the same filters as the list. */
export async function taskStatsRoutes(app: App, { db }: Pick<Deps, 'db'>) {
  app.get(
    '/',
    {
      config: { allow: 'user', scope: 'tasks:read' },
      schema: {
        operationId: 'getTaskStats',
        tags: ['Tasks'],
        summary: 'Count tasks',
        description:
          'Counts by status and priority, and the overdue ones, of the tasks that a list with the same filters shows.',
        querystring: TaskFilterQuery,
        response: responses({ 200: ref(TaskStats) }, 'not_allowed')
      }
    },
    (request) => countTasksBy(db, request.caller, request.query)
  )
}

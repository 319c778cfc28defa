import type { Deps } from '../../core/deps.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { TaskFilterQuery, TaskStats } from './list.schema.ts'
import { countTasksBy } from './stats.ts'

const getTaskStats = {
  config: { allow: 'user', scope: 'tasks:read' },
  schema: {
    operationId: 'getTaskStats',
    tags: ['Tasks'],
    summary: 'Count tasks',
    description: md`
      Counts the tasks that a list with the same filters returns: by status, by priority, and how many are overdue.`,
    querystring: TaskFilterQuery,
    response: responses({ 200: ref(TaskStats) }, 'not_allowed')
  }
} as const

/** Counts for the same filters as the list. */
export async function taskStatsRoutes(app: App, { db }: Pick<Deps, 'db'>) {
  app.get('/', getTaskStats, ({ ctx, query }) =>
    app.readCostly(ctx.caller, () => countTasksBy(db, ctx, query))
  )
}

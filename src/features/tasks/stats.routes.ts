import type { Deps } from '../../core/deps.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { TaskFilterQuery, TaskStats } from './list.schema.ts'
import { countTasksBy } from './stats.ts'
import { TaskStatsHistory, TaskStatsHistoryQuery } from './stats-history.schema.ts'
import { countTasksByDay } from './stats-history.ts'

const getTaskStats = {
  config: { allow: 'user', scope: 'tasks:read' },
  schema: {
    operationId: 'getTaskStats',
    tags: ['Tasks'],
    summary: 'Count tasks',
    description: md`
      Counts the tasks that a list with the same filters returns: by status, by priority, and how many are overdue.`,
    querystring: TaskFilterQuery,
    response: responses({ 200: ref(TaskStats) }, 'not_allowed', 'not_found')
  }
} as const

const getTaskStatsHistory = {
  config: { allow: 'user', scope: 'tasks:read' },
  schema: {
    operationId: 'getTaskStatsHistory',
    tags: ['Tasks'],
    summary: 'Count tasks by day',
    description: md`
      Counts, for each of the last days, which of the tasks that a list with the same filters returns were created and
      which were finished. A day begins and ends in \`time_zone\`, or in UTC. A task that is opened again, or deleted,
      is counted no longer.`,
    querystring: TaskStatsHistoryQuery,
    response: responses({ 200: ref(TaskStatsHistory) }, 'not_allowed', 'not_found')
  }
} as const

/** Counts for the same filters as the list. */
export async function taskStatsRoutes(app: App, { db }: Pick<Deps, 'db'>) {
  app.get('/', getTaskStats, ({ ctx, query }) =>
    app.readCostly(ctx.caller, () => countTasksBy(db, ctx, query))
  )

  app.get('/history', getTaskStatsHistory, ({ ctx, query }) =>
    app.readCostly(ctx.caller, () => countTasksByDay(db, ctx, query))
  )
}

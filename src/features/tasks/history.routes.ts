import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { DEFAULT_LIMIT } from '../../http/pagination.schema.ts'
import { addLinkHeader, cursors, toPage } from '../../http/pagination.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { type TaskEvent, TaskEventPage, TaskEventQuery } from './history.schema.ts'
import { findVisibleOwner, listTaskEvents } from './queries.ts'
import { TaskParams } from './schema.ts'

/** Who did what to a task, when. */
export async function taskHistoryRoutes(app: App, { db, secrets }: Pick<Deps, 'db' | 'secrets'>) {
  const { encode, decode } = cursors(deriveKeys(secrets, 'cursor'))

  app.get(
    '/:task_id/events',
    {
      config: { allow: 'user', scope: 'tasks:read' },
      schema: {
        operationId: 'listTaskEvents',
        tags: ['Tasks'],
        summary: "Read a task's history",
        description:
          'Everything that happened to a task, newest first: exactly one entry for each version. A deleted task keeps its history, for its owner and for managers.',
        params: TaskParams,
        querystring: TaskEventQuery,
        response: responses({ 200: ref(TaskEventPage) }, 'not_found')
      }
    },
    async (request, reply) => {
      const { task_id } = request.params
      const { limit = DEFAULT_LIMIT, cursor } = request.query
      const owner_id = await findVisibleOwner(db, request.caller, task_id)
      if (owner_id === undefined) {
        throw new Problem('not_found')
      }
      const binding = JSON.stringify(['task_events', request.caller.id, task_id])
      const before = cursor === undefined ? undefined : Number(decode(binding, cursor)[0])
      const rows = await listTaskEvents(db, owner_id, task_id, before, limit + 1)
      return addLinkHeader(
        request,
        reply,
        toPage(
          rows.map((row): TaskEvent => ({ ...row, changes: changeList(row.changes) })),
          limit,
          (last) => encode(binding, [String(last.version)])
        )
      )
    }
  )
}

function changeList(changes: Record<string, { old: unknown; new: unknown }>): TaskEvent['changes'] {
  return Object.entries(changes).map(([field, { old, new: now }]) => ({
    field,
    before: textOf(old),
    after: textOf(now)
  }))
}

const textOf = (value: unknown): string | null =>
  value === null ? null : Array.isArray(value) ? value.join('|') : String(value)

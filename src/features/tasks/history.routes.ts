import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { DEFAULT_LIMIT } from '../../http/pagination.schema.ts'
import { addLinkHeader, cursors, toPage } from '../../http/pagination.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { type Changes, findAssignment, listTaskEvents } from './events.queries.ts'
import { TAG_SEPARATOR } from './fields.schema.ts'
import { type TaskEvent, TaskEventPage, TaskEventQuery } from './history.schema.ts'
import { findVisibleHistory } from './queries.ts'
import { TaskParams } from './schema.ts'

const listEvents = {
  config: { allow: 'user', scope: 'tasks:read' },
  schema: {
    operationId: 'listTaskEvents',
    tags: ['Tasks'],
    summary: "Read a task's history",
    description: md`
      Returns everything that happened to a task, newest first: exactly one entry for each version. A deleted task keeps
      its history, for its owner and for managers. Somebody who sees a task because it is assigned to them does not see
      what was before that.`,
    params: TaskParams,
    querystring: TaskEventQuery,
    response: responses({ 200: ref(TaskEventPage) }, 'not_found')
  }
} as const

/** Who changed a task, when and how. */
export async function taskHistoryRoutes(app: App, { db, secrets }: Pick<Deps, 'db' | 'secrets'>) {
  const { encode, decode } = cursors(deriveKeys(secrets, 'cursor'))

  app.get('/:task_id/events', listEvents, async (request, reply) => {
    const { caller } = request.ctx
    const { task_id } = request.params
    const { limit = DEFAULT_LIMIT, cursor } = request.query
    const seen = await findVisibleHistory(db, caller, task_id)
    if (!seen) {
      throw new Problem('not_found')
    }
    const { owner_id, as_assignee } = seen
    const since = as_assignee ? await findAssignment(db, owner_id, task_id, caller.id) : undefined
    const binding = JSON.stringify(['task_events', caller.id, task_id])
    const before = cursor === undefined ? undefined : Number(decode(binding, cursor)[0])
    const rows = await listTaskEvents(db, { owner_id, task_id }, { before, since }, limit + 1)
    const events = rows.map(
      (row): TaskEvent => ({
        ...row,
        changes: changeList(row.version === since ? assignmentOf(row.changes) : row.changes)
      })
    )
    return addLinkHeader(
      request,
      reply,
      toPage(events, limit, (last) => encode(binding, [String(last.version)]))
    )
  })
}

/** What else changed with the assignment shows what was before it. */
const assignmentOf = ({ assignee_id }: Changes): Changes => (assignee_id ? { assignee_id } : {})

const changeList = (changes: Changes): TaskEvent['changes'] =>
  Object.entries(changes).map(([field, { old, new: now }]) => ({
    field,
    before: textOf(old),
    after: textOf(now)
  }))

function textOf(value: unknown): string | null {
  if (value === null) {
    return null
  }
  return Array.isArray(value) ? value.join(TAG_SEPARATOR) : String(value)
}

import type { Deps } from '../../core/deps.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { findStatistics, listAuditEvents } from './queries.ts'
import { AuditQuery, type AuditSchemas, Statistics } from './schema.ts'

export type AuditDeps = Pick<Deps, 'db' | 'secrets'>

const list = ({ AuditEventPage }: AuditSchemas) =>
  ({
    config: { allow: 'manager' },
    schema: {
      operationId: 'listAuditEvents',
      tags: ['AuditEvents'],
      summary: 'Read the audit log',
      description: md`Every attempt to log in and every change of accounts, sessions, API keys, bans and
                      tasks, newest first. When an account is deleted, the history of its tasks is
                      deleted with it, and its other events lose its name and IP addresses.`,
      querystring: AuditQuery,
      response: responses({ 200: ref(AuditEventPage) })
    }
  }) as const

const statistics = {
  config: { allow: 'admin' },
  schema: {
    operationId: 'getStatistics',
    tags: ['Statistics'],
    summary: 'Count users and tasks',
    description: md`Numbers of the whole installation, and what was created on each of the last
                    30 days.`,
    response: responses({ 200: ref(Statistics) })
  }
} as const

/** Read-only routes about the whole installation. */
export async function auditRoutes(app: App, { db, secrets }: AuditDeps, schemas: AuditSchemas) {
  const page = paginateNewestFirst(deriveKeys(secrets, 'cursor'))

  app.get('/audit-log', list(schemas), async (request, reply) => {
    const { limit: _limit, cursor: _cursor, ...filter } = request.query
    // A read is logged here and not in the audit log: its readers would otherwise page through their own reads.
    request.log.info(
      { event: 'audit.read', user_id: request.caller.id, filter: Object.keys(filter) },
      'audit log read'
    )
    const { actor_id, action, subject_id, created_after, created_before } = filter
    return page(request, reply, {
      list: 'audit-log',
      filter: [actor_id, action, subject_id, created_after, created_before],
      read: (limit, after) => listAuditEvents(db, filter, limit, after)
    })
  })

  app.get('/stats', statistics, () => findStatistics(db))
}

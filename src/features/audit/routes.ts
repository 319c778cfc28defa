import type { Deps } from '../../core/deps.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { findStatistics, listAuditEvents } from './queries.ts'
import { AuditQuery, type AuditSchemas, Statistics } from './schema.ts'

/** Reads everything, writes nothing. */
export async function auditRoutes(
  app: App,
  { db, secrets }: Pick<Deps, 'db' | 'secrets'>,
  { AuditEventPage }: AuditSchemas
) {
  const page = paginateNewestFirst(deriveKeys(secrets, 'cursor'))

  app.get(
    '/audit-log',
    {
      config: { allow: 'manager' },
      schema: {
        operationId: 'listAuditEvents',
        tags: ['AuditEvents'],
        summary: 'Read the audit log',
        description:
          'Every attempt to log in and every change of accounts, sessions, keys and tasks, newest first. The history of tasks goes with the account that owned them; everything else stays.',
        querystring: AuditQuery,
        response: responses({ 200: ref(AuditEventPage) })
      }
    },
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, ...filter } = request.query
      // Reading leaves a line in the log and none in what is read: a reader would otherwise page through their own reading.
      request.log.info(
        { event: 'audit.read', user_id: request.caller.id, filter: Object.keys(filter) },
        'the audit log was read'
      )
      const { actor_id, action, subject_id, created_after, created_before } = filter
      return page(request, reply, {
        list: 'audit-log',
        filter: [actor_id, action, subject_id, created_after, created_before],
        read: (limit, after) => listAuditEvents(db, filter, limit, after)
      })
    }
  )

  app.get(
    '/stats',
    {
      config: { allow: 'admin' },
      schema: {
        operationId: 'getStatistics',
        tags: ['Statistics'],
        summary: 'Count users and tasks',
        description:
          'Numbers of the whole installation, and what was made on each of the last 30 days.',
        response: responses({ 200: ref(Statistics) })
      }
    },
    () => findStatistics(db)
  )
}

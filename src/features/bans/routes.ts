import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { IdempotencyKey, runIdempotent, sendStored } from '../../http/idempotency.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { actorOf } from '../../http/plugins/audit-denied.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { listBans } from './queries.ts'
import { IpBan, IpBanCreate, IpBanListQuery, IpBanPage, IpBanParams } from './schema.ts'
import { createBan, liftBan } from './service.ts'

const tags = ['IpBans']
const config = { allow: 'admin' } as const

/** Bans by hand, and a look at those that the server imposed. */
export async function ipBanRoutes(
  app: App,
  { db, secrets, onChange }: Pick<Deps, 'db' | 'secrets'> & { onChange: () => void }
) {
  const page = paginateNewestFirst(deriveKeys(secrets, 'cursor'))

  app.get(
    '/',
    {
      config,
      schema: {
        operationId: 'listIpBans',
        tags,
        summary: 'List bans',
        description: 'The bans in force, newest first, also those that the server imposed.',
        querystring: IpBanListQuery,
        response: responses({ 200: ref(IpBanPage) })
      }
    },
    async (request, reply) =>
      page(request, reply, {
        list: 'ip_bans',
        read: (limit, after) => listBans(db, limit, after)
      })
  )

  app.post(
    '/',
    {
      config,
      schema: {
        operationId: 'createIpBan',
        tags,
        summary: 'Ban an address or a range',
        description:
          'Every request from there is refused, on each instance within two seconds. You cannot ban a range that you are in yourself.',
        headers: IdempotencyKey,
        body: ref(IpBanCreate),
        response: responses(
          { 201: ref(IpBan) },
          'own_address',
          'already_banned',
          'idempotency_in_flight',
          'idempotency_key_reused'
        )
      }
    },
    async (request, reply) => {
      const answer = await runIdempotent<IpBan>(db, request, async (tx) => ({
        status: 201,
        headers: {},
        body: await createBan(tx, actorOf(request), request.body)
      }))
      onChange()
      return sendStored(reply, answer)
    }
  )

  app.delete(
    '/:ban_id',
    {
      config,
      schema: {
        operationId: 'deleteIpBan',
        tags,
        summary: 'Lift a ban',
        description: 'Requests from there are served again, on each instance within two seconds.',
        params: IpBanParams,
        response: responses({ 204: NoContent('The ban is lifted.') }, 'not_found')
      }
    },
    async (request, reply) => {
      if (!(await liftBan(db, actorOf(request), request.params.ban_id.toLowerCase()))) {
        throw new Problem('not_found')
      }
      onChange()
      return reply.code(204).send(null)
    }
  )
}

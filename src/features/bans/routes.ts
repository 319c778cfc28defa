import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { actorOf } from '../../plugins/audit.ts'
import { IdempotencyKey, sendAnswer, transactOnce } from '../../plugins/idempotency.ts'
import { newestFirst } from '../../plugins/paging.ts'
import type { App } from '../../plugins/server.ts'
import { Nothing, ref, replies } from '../../plugins/wire.ts'
import { listBans } from './queries.ts'
import { IpBan, IpBanCreate, IpBanListQuery, IpBanPage, IpBanParams } from './schema.ts'
import { ban, lift } from './service.ts'

const tags = ['IpBans']
const config = { allow: 'admin' } as const

/** Bans by hand, and a look at those that the server imposed. */
export async function ipBanRoutes(
  app: App,
  { db, secrets, onChange }: Pick<Deps, 'db' | 'secrets'> & { onChange: () => void }
) {
  const page = newestFirst(deriveKeys(secrets, 'cursor'))

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
        response: replies({ 200: ref(IpBanPage) })
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
        response: replies(
          { 201: ref(IpBan) },
          'own_address',
          'already_banned',
          'idempotency_in_flight',
          'idempotency_key_reused'
        )
      }
    },
    async (request, reply) => {
      const answer = await transactOnce<IpBan>(db, request, async (tx) => ({
        status: 201,
        headers: {},
        body: await ban(tx, actorOf(request), request.body)
      }))
      onChange()
      return sendAnswer(reply, answer)
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
        response: replies({ 204: Nothing('The ban is lifted.') }, 'not_found')
      }
    },
    async (request, reply) => {
      if (!(await lift(db, actorOf(request), request.params.ban_id.toLowerCase()))) {
        throw new Problem('not_found')
      }
      onChange()
      return reply.code(204).send(null)
    }
  )
}

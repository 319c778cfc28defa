import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { IdempotencyKey, runIdempotent, sendStored } from '../../http/idempotency.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { listBans } from './queries.ts'
import { IpBan, IpBanCreate, IpBanListQuery, IpBanPage, IpBanParams } from './schema.ts'
import { type BanDeps, createBan, liftBan } from './service.ts'

export type IpBanDeps = BanDeps & Pick<Deps, 'secrets'>

const tags = ['IpBans']
const config = { allow: 'admin' } as const

const list = {
  config,
  schema: {
    operationId: 'listIpBans',
    tags,
    summary: 'List bans',
    description: 'The bans in force, newest first, including those the server created.',
    querystring: IpBanListQuery,
    response: responses({ 200: ref(IpBanPage) })
  }
} as const

const create = {
  config,
  schema: {
    operationId: 'createIpBan',
    tags,
    summary: 'Ban an IP address or a range',
    description: md`Rejects every request from there, on each instance within two seconds. You cannot ban
                    a range that contains your own IP address.`,
    headers: IdempotencyKey,
    body: ref(IpBanCreate),
    response: responses(
      { 201: ref(IpBan) },
      'own_address',
      'already_banned',
      'idempotency_in_flight',
      'response_not_stored',
      'idempotency_key_reused'
    )
  }
} as const

const lift = {
  config,
  schema: {
    operationId: 'deleteIpBan',
    tags,
    summary: 'Lift a ban',
    description: 'Accepts requests from there again, on each instance within two seconds.',
    params: IpBanParams,
    response: responses({ 204: NoContent('The ban has been lifted.') }, 'not_found')
  }
} as const

/** Manual bans, and the list that also has those the server created. */
export async function ipBanRoutes(app: App, deps: IpBanDeps) {
  const { db, secrets } = deps
  const page = paginateNewestFirst(deriveKeys(secrets, 'cursor'))

  app.get('/', list, async (request, reply) =>
    page(request, reply, {
      list: 'ip_bans',
      read: (limit, after) => listBans(db, limit, after)
    })
  )

  app.post('/', create, async (request, reply) => {
    const response = await runIdempotent<IpBan>(db, request, async (tx) => ({
      status: 201,
      headers: {},
      body: await createBan(tx, request.ctx, deps, request.body)
    }))
    return sendStored(reply, response)
  })

  app.delete('/:ban_id', lift, async (request, reply) => {
    if (!(await liftBan(request.ctx, deps, request.params.ban_id.toLowerCase()))) {
      throw new Problem('not_found')
    }
    return noContent(reply)
  })
}

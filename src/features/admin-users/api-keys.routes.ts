import { type Static, Type } from '@sinclair/typebox'
import { deriveKeys } from '../../core/secrets.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import type { ApiKeySchemas } from '../api-keys/schema.ts'
import { listUserKeys, revokeUserKey, revokeUserKeys } from './api-keys.ts'
import type { AdminUserDeps } from './routes.ts'
import { UserApiKeyListQuery, UserApiKeyParams, UserParams } from './schema.ts'

const tags = ['AdminUsers']
const config = { allow: 'admin' } as const
/** The component of the feature of API keys, which is made from the scopes of all features. */
const ApiKeyPage = Type.Unsafe<Static<ApiKeySchemas['ApiKeyPage']>>(Type.Ref('ApiKeyPage'))

const list = {
  config,
  schema: {
    operationId: 'listUserApiKeys',
    tags,
    summary: 'List the API keys of a user',
    description: 'Their keys without the secrets, newest first, including expired ones.',
    params: UserParams,
    querystring: UserApiKeyListQuery,
    response: responses({ 200: ApiKeyPage }, 'not_found')
  }
} as const

const revokeOne = {
  config,
  schema: {
    operationId: 'revokeUserApiKey',
    tags,
    summary: 'Revoke an API key of a user',
    description: 'The key stops working immediately. An email tells the user.',
    params: UserApiKeyParams,
    response: responses({ 204: NoContent('The key has been revoked.') }, 'not_found')
  }
} as const

const revokeAll = {
  config,
  schema: {
    operationId: 'revokeUserApiKeys',
    tags,
    summary: 'Revoke every API key of a user',
    description: 'The keys stop working immediately; sessions go on. An email tells the user.',
    params: UserParams,
    response: responses({ 204: NoContent('All keys of the user have been revoked.') }, 'not_found')
  }
} as const

/** The API keys of all users, for admins. */
export async function userApiKeyRoutes(app: App, deps: AdminUserDeps) {
  const page = paginateNewestFirst(deriveKeys(deps.secrets, 'cursor'))

  app.get('/', list, async (request, reply) => {
    const userId = request.params.user_id.toLowerCase()
    return page(request, reply, {
      list: 'user_api_keys',
      filter: [userId],
      read: (limit, after) => listUserKeys(deps.db, userId, limit, after)
    })
  })

  app.delete('/:key_id', revokeOne, async (request, reply) => {
    const { user_id, key_id } = request.params
    await revokeUserKey(request.ctx, deps, user_id.toLowerCase(), key_id.toLowerCase())
    return noContent(reply)
  })

  app.delete('/', revokeAll, async (request, reply) => {
    await revokeUserKeys(request.ctx, deps, request.params.user_id.toLowerCase())
    return noContent(reply)
  })
}

import { apiPath } from '../../http/api-path.ts'
import { IdempotencyKey, runIdempotent, sendStored } from '../../http/idempotency.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { mapUniqueViolation } from '../identity/service.ts'
import { AdminUserCreate, AdminUserCreated, PasswordLink } from './accounts.schema.ts'
import { createAccount, prepareAccount, resetUserPassword } from './accounts.ts'
import type { AdminUserDeps } from './routes.ts'
import { UserParams } from './schema.ts'

const tags = ['AdminUsers']
const config = { allow: 'admin' } as const

const create = {
  config,
  schema: {
    operationId: 'createUser',
    tags,
    summary: 'Create a user',
    description: md`Creates an account for somebody else, whatever \`REGISTRATION\` says. Without \`password\` the user
                    gets an email with a link to choose one, for two weeks. Where no email can be sent, since the
                    account has none or \`EMAIL_ENABLED\` is off, the link is in \`setup_url\` instead, once: a repeated
                    request with the same \`Idempotency-Key\` does not return it again. The token in the link is a
                    \`reset_token\` of resetPassword.`,
    headers: IdempotencyKey,
    body: ref(AdminUserCreate),
    response: responses(
      { 201: ref(AdminUserCreated) },
      'not_allowed',
      'account_exists',
      'idempotency_in_flight',
      'idempotency_key_reused'
    )
  }
} as const

const resetPassword = {
  config,
  schema: {
    operationId: 'resetUserPassword',
    tags,
    summary: 'Let a user choose a new password',
    description: md`Sends the user an email with a link to choose a new password, once, within a day; earlier links stop
                    working. Where no email can be sent, the link is in \`setup_url\` instead. Until it is used, the
                    old password stays valid; using it ends every session of the user and revokes their API keys.`,
    params: UserParams,
    response: responses({ 200: ref(PasswordLink) }, 'not_found', 'own_account', 'account_disabled')
  }
} as const

/** Accounts that admins create, and links to choose a password. */
export async function accountRoutes(app: App, deps: AdminUserDeps) {
  app.post('/', create, async (request, reply) => {
    const { password, ...profile } = request.body
    const account = await prepareAccount(deps, request.body)
    let setup_url: string | null = null
    const work = () =>
      // What is stored for a repetition has neither the link nor a hash of the password.
      runIdempotent<AdminUserCreated>(
        deps.db,
        request,
        async (tx) => {
          const created = await createAccount(tx, request.ctx, deps, account)
          setup_url = created.setup_url
          const headers = { location: apiPath(`/admin/users/${created.id}`) }
          return { status: 201, headers, body: { ...created, setup_url: null } }
        },
        { ...profile, has_password: password !== undefined }
      )
    const stored = await mapUniqueViolation(deps.db, profile, work)
    const body = stored.replayed ? stored.body : { ...stored.body, setup_url }
    return sendStored(reply, { ...stored, body })
  })

  app.post('/:user_id/password-reset', resetPassword, (request) =>
    resetUserPassword(request.ctx, deps, request.params.user_id.toLowerCase())
  )
}

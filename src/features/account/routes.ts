import { invalidField } from '../../core/problem.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { User } from '../identity/schema.ts'
import { accountDeleted, getUser, type IdentityDeps, type Profile } from '../identity/service.ts'
import { changeEmail, type EmailChange } from './email-change.ts'
import { AccountDeletion, MeUpdate, PasswordChange } from './schema.ts'
import { changePassword, deleteMe, readStorage, updateMe } from './service.ts'

const tags = ['Users']

const get = {
  config: { allow: 'user', scope: 'profile:read', allowUnverified: true },
  schema: {
    operationId: 'getMe',
    tags,
    summary: 'Read your profile',
    description: 'Returns the account that the access token belongs to.',
    response: responses({ 200: ref(User) })
  }
} as const

const update = {
  config: { allow: 'user', allowUnverified: true, passwordField: 'current_password' },
  schema: {
    operationId: 'updateMe',
    tags,
    summary: 'Change your profile',
    description: md`Takes a JSON merge patch (RFC 7396): an absent field stays as it is, null clears the
                    name. To change your email, send \`email\` with \`current_password\`: a code is sent
                    to the new email, which replaces the old one when you confirm it with verifyEmail.
                    Until then the response still shows the old email. Another \`username\` needs
                    \`current_password\` when you last entered your password in this session more
                    than five minutes ago (403 \`password_required\`).`,
    body: ref(MeUpdate),
    response: responses({ 200: ref(User) }, 'account_exists', 'wrong_password', 'password_required')
  }
} as const

const setPassword = {
  config: { allow: 'user', passwordField: 'current_password' },
  schema: {
    operationId: 'changePassword',
    tags,
    summary: 'Change your password',
    description: md`Requires the current password. This session continues with its tokens; all others
                    end, and all API keys are revoked unless you keep them.`,
    body: ref(PasswordChange),
    response: responses({ 204: NoContent('The password has been changed.') }, 'wrong_password')
  }
} as const

const remove = {
  config: { allow: 'user', allowUnverified: true, passwordField: 'password' },
  schema: {
    operationId: 'deleteMe',
    tags,
    summary: 'Delete your account',
    description: md`Permanently deletes your account with its tasks, sessions and API keys. Requires your
                    password. Your username and email are available again, and the audit log forgets
                    your name and IP addresses. The last active admin cannot be deleted.`,
    body: ref(AccountDeletion),
    response: responses(
      { 204: NoContent('The account has been deleted.') },
      'wrong_password',
      'last_admin'
    )
  }
} as const

/** The caller's own account. */
export async function accountRoutes(app: App, deps: IdentityDeps) {
  app.get('/', get, async (request) => {
    const user = await getUser(deps.db, { id: request.caller.id })
    if (!user) {
      throw accountDeleted()
    }
    return { ...user, ...(await readStorage(deps, user.id)) }
  })

  app.patch('/', update, (request) => {
    const { profile, emailChange, password } = parseUpdate(request.body)
    return emailChange
      ? changeEmail(request.ctx, deps, emailChange, profile)
      : updateMe(request.ctx, deps, profile, password)
  })

  app.post('/password', setPassword, async (request, reply) => {
    await changePassword(request.ctx, deps, request.body)
    return noContent(reply)
  })

  app.delete('/', remove, async (request, reply) => {
    await deleteMe(request.ctx, deps, request.body.password)
    return noContent(reply)
  })
}

/** Tells a change of email, which always needs the password, from one of the profile alone. */
function parseUpdate({ email, current_password, ...profile }: MeUpdate): {
  profile: Profile
  emailChange?: EmailChange
  password?: string | undefined
} {
  if (email !== undefined && current_password !== undefined) {
    return { profile, emailChange: { email, current_password } }
  }
  if (email !== undefined) {
    throw invalidField(
      'body',
      '/current_password',
      'required',
      'current_password is required to change the email.'
    )
  }
  if (current_password !== undefined && profile.username === undefined) {
    throw invalidField(
      'body',
      '/current_password',
      'excluded',
      'current_password is only allowed together with email or username.'
    )
  }
  return { profile, password: current_password }
}

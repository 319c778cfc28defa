import { invalidField } from '../../core/problem.ts'
import { apiPath } from '../../http/api-path.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import type { IdentityDeps } from '../identity/service.ts'
import { register } from './registration.ts'
import { Login, Refresh, Register, TokenSet } from './schema.ts'
import { type LoginName, login, refresh } from './service.ts'
import { respondWithTokens } from './token-response.ts'

const tags = ['Auth']

const signUp = {
  config: { allow: 'anyone', budget: 'auth', checksCredentials: true },
  schema: {
    operationId: 'register',
    tags,
    summary: 'Sign up',
    description: md`Creates an account and logs you in. Requires a username, an email, or both. Where
                    the installation confirms emails, a code is sent to your email; where that is
                    required, the email is required as well, and the session can do little until you
                    confirm it. With \`REGISTRATION=invite\` or \`closed\` strangers get 403
                    \`registration_closed\`, whose \`detail\` says how to get an account.
                    An \`invitation_token\` opens \`invite\`, its email needs no code, and that of a
                    project makes you a member of it.`,
    body: ref(Register),
    response: responses(
      { 201: ref(TokenSet) },
      'cross_site',
      'account_exists',
      'invalid_invitation',
      'registration_closed'
    )
  }
} as const

const logIn = {
  config: {
    allow: 'anyone',
    budget: 'auth',
    checksCredentials: true,
    formsAt: apiPath('/auth/token')
  },
  schema: {
    operationId: 'login',
    tags,
    summary: 'Log in',
    description: md`Opens a session by username or by email. Every failure is the same 401. Where emails
                    must be confirmed first, the right password of an account whose email is not
                    confirmed gets a 403.`,
    body: ref(Login),
    response: responses({ 200: ref(TokenSet) }, 'bad_credentials', 'email_unverified', 'cross_site')
  }
} as const

const refreshTokens = {
  config: {
    allow: 'anyone',
    budget: 'refresh',
    checksCredentials: true,
    ignoresAutomaticBans: true
  },
  schema: {
    operationId: 'refreshTokens',
    tags,
    summary: 'Get the next token set',
    description: md`Uses up the refresh token. Sending a used one again ends the whole session. Only
                    within ten seconds, from the same network and before the next token is used, it
                    is just a 401: never refresh in parallel.`,
    body: ref(Refresh),
    response: responses({ 200: ref(TokenSet) }, 'bad_credentials', 'cross_site')
  }
} as const

const logOut = {
  config: { allow: 'user', allowUnverified: true },
  schema: {
    operationId: 'logout',
    tags,
    summary: 'Log out',
    description: 'Ends this session; its access token and its refresh token stop working.',
    response: responses({ 204: NoContent('The session has ended.') })
  }
} as const

/** Registration, login, refresh and logout. */
export async function authRoutes(app: App, deps: IdentityDeps) {
  app.post('/register', signUp, async (request, reply) => {
    const attempt = register(request.anonymousCtx, deps, request.body)
    const tokens = await respondWithTokens(request, reply, attempt)
    reply.code(201)
    return tokens
  })

  app.post('/login', logIn, async (request, reply) => {
    const { username, email, password } = request.body
    const attempt = login(request.anonymousCtx, deps, oneIdentifier(username, email), password)
    return respondWithTokens(request, reply, attempt)
  })

  app.post('/refresh', refreshTokens, (request, reply) =>
    respondWithTokens(
      request,
      reply,
      refresh(request.anonymousCtx, deps, request.body.refresh_token)
    )
  )

  app.post('/logout', logOut, async (request, reply) => {
    await deps.sessions.end(request.ctx, request.caller.session_id, 'user.logged_out')
    return noContent(reply)
  })
}

/** Returns the one identifier of a log-in; rejects none and both. */
export function oneIdentifier(username: string | undefined, email: string | undefined): LoginName {
  if (username !== undefined && email === undefined) {
    return { username }
  }
  if (email !== undefined && username === undefined) {
    return { email }
  }
  throw email === undefined
    ? invalidField('body', '/username', 'required', 'Give a username or an email.')
    : invalidField('body', '/email', 'excluded', 'Give a username or an email, not both.')
}

import type { FastifyReply, FastifyRequest } from 'fastify'
import { invalidField, Problem } from '../../core/problem.ts'
import { actorOf, sourceOf } from '../../http/plugins/audit-denied.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import type { Client } from '../sessions/service.ts'
import type { Identifier } from '../users/service.ts'
import type { AuthDeps } from './deps.ts'
import { Login, Refresh, Register, TokenSet } from './schema.ts'
import { login, refresh, register } from './service.ts'

export const clientOf = (request: FastifyRequest): Client => ({
  ...sourceOf(request),
  userAgent: request.headers['user-agent']
})

/** Answers that carry a token are never cached; every attempt is logged with its outcome, never with what was sent. */
export async function answerTokens(
  request: FastifyRequest,
  reply: FastifyReply,
  attempt: Promise<TokenSet>
): Promise<TokenSet> {
  reply.header('cache-control', 'no-store')
  try {
    const tokens = await attempt
    request.log.info(
      {
        event: 'auth.succeeded',
        operation: request.routeOptions.schema?.operationId,
        user_id: tokens.user.id
      },
      'authentication'
    )
    return tokens
  } catch (error) {
    request.log.info(
      {
        event: 'auth.failed',
        operation: request.routeOptions.schema?.operationId,
        code: error instanceof Problem ? error.code : 'internal_error'
      },
      'authentication'
    )
    throw error
  }
}

/** Sign up, log in, stay in, log out. */
export async function authRoutes(app: App, deps: AuthDeps) {
  app.post(
    '/register',
    {
      config: { allow: 'anyone', budget: 'auth' },
      schema: {
        operationId: 'register',
        tags: ['Auth'],
        summary: 'Sign up',
        description:
          'Makes an account and logs it in. Needs a username, an email, or both. Where the installation confirms addresses, a code is sent to the address; where it requires that, the session can do little until the code came back.',
        body: ref(Register),
        response: responses({ 201: ref(TokenSet) }, 'account_exists')
      }
    },
    async (request, reply) => {
      const tokens = await answerTokens(
        request,
        reply,
        register(deps, request.body, clientOf(request))
      )
      reply.code(201)
      return tokens
    }
  )

  app.post(
    '/login',
    {
      config: { allow: 'anyone', budget: 'auth' },
      schema: {
        operationId: 'login',
        tags: ['Auth'],
        summary: 'Log in',
        description:
          'Opens a session by username or by email. Every failure is one identical 401. Where addresses must be confirmed first, the right password of an account that has not is a 403.',
        body: ref(Login),
        response: responses({ 200: ref(TokenSet) }, 'bad_credentials', 'email_unverified')
      }
    },
    async (request, reply) => {
      const { username, email, password } = request.body
      return answerTokens(
        request,
        reply,
        login(deps, oneIdentifier(username, email), password, clientOf(request))
      )
    }
  )

  app.post(
    '/refresh',
    {
      config: { allow: 'anyone', budget: 'refresh' },
      schema: {
        operationId: 'refreshTokens',
        tags: ['Auth'],
        summary: 'Get the next token set',
        description:
          'Spends the refresh token. A spent one presented again ends the whole session, so refresh one at a time.',
        body: ref(Refresh),
        response: responses({ 200: ref(TokenSet) }, 'bad_credentials')
      }
    },
    (request, reply) =>
      answerTokens(request, reply, refresh(deps, request.body.refresh_token, clientOf(request)))
  )

  app.post(
    '/logout',
    {
      config: { allow: 'user', allowUnverified: true },
      schema: {
        operationId: 'logout',
        tags: ['Auth'],
        summary: 'Log out',
        description:
          'Ends this session; its access token and its refresh token are worth nothing from now on.',
        response: responses({ 204: NoContent('The session has ended.') })
      }
    },
    async (request, reply) => {
      const { id, session_id } = request.caller
      await deps.sessions.end({ session_id, user_id: id }, actorOf(request), 'user.logged_out')
      return reply.code(204).send(null)
    }
  )
}

function oneIdentifier(username: string | undefined, email: string | undefined): Identifier {
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

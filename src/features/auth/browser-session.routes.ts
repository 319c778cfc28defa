import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { noContent } from '../../http/replies.ts'
import { params, ref } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import type { IdentityDeps } from '../identity/service.ts'
import { register } from './registration.ts'
import { oneIdentifier } from './routes.ts'
import { Login, Register, type TokenSet } from './schema.ts'
import { login, refresh } from './service.ts'
import { createSessionCookie } from './session-cookie.ts'
import { respondWithTokens } from './token-response.ts'

/** A body all the same: forms cannot send JSON, and scripts of other origins may not. */
const Nothing = params({})
const HasCookie = Type.Object({ has_cookie: Type.Boolean() })

const shared = { allow: 'anyone', sameOriginOnly: true } as const
// Under the names of the operations of the API, with which they share what is counted.
const logIn = {
  config: { ...shared, budget: 'auth' },
  schema: { hide: true, operationId: 'login', body: ref(Login) }
} as const
const signUp = {
  config: { ...shared, budget: 'auth' },
  schema: { hide: true, operationId: 'register', body: ref(Register) }
} as const
const renew = {
  config: { ...shared, budget: 'refresh', ignoresAutomaticBans: true },
  schema: { hide: true, operationId: 'refreshTokens', body: Nothing }
} as const
const logOut = {
  config: { ...shared, budget: 'refresh', ignoresAutomaticBans: true },
  schema: { hide: true, operationId: 'logout', body: Nothing }
} as const
const check = {
  config: { ...shared, budget: 'refresh', ignoresAutomaticBans: true },
  schema: { hide: true, body: Nothing, response: { 200: HasCookie } }
} as const

/**
 * The session of the console: the same log-in, registration and refresh as in the API, whose refresh token is in a
 * cookie and in no response. Not part of the contract.
 */
export async function browserSessionRoutes(app: App, deps: IdentityDeps) {
  const { config, sessions } = deps
  if (!config.CONSOLE_ENABLED) {
    return
  }
  const cookie = createSessionCookie(config)
  const keep = (
    request: FastifyRequest,
    reply: FastifyReply,
    { refresh_token, ...tokens }: TokenSet
  ) => {
    cookie.set(request, reply, refresh_token)
    return tokens
  }
  /** Also where another host of the domain has set a second cookie: one of the two is of the session that is over. */
  const endAll = async (request: FastifyRequest) => {
    for (const token of cookie.readAll(request)) {
      await sessions.endByToken(request.anonymousCtx, token)
    }
  }
  /** Ends the session that the browser had before: nothing holds its refresh token any more. */
  const start = async (request: FastifyRequest, reply: FastifyReply, tokens: TokenSet) => {
    await endAll(request)
    return keep(request, reply, tokens)
  }

  app.post('/login', logIn, async (request, reply) => {
    const { username, email, password } = request.body
    const attempt = login(request.anonymousCtx, deps, oneIdentifier(username, email), password)
    return start(request, reply, await respondWithTokens(request, reply, attempt))
  })

  app.post('/register', signUp, async (request, reply) => {
    const attempt = register(request.anonymousCtx, deps, request.body)
    const tokens = await start(request, reply, await respondWithTokens(request, reply, attempt))
    reply.code(201)
    return tokens
  })

  app.post('/refresh', renew, async (request, reply) => {
    const token = cookie.read(request)
    if (token === undefined) {
      return noContent(reply.header('cache-control', 'no-store'))
    }
    // A refused token stays where it is: a parallel request may have just replaced it.
    const attempt = refresh(request.anonymousCtx, deps, token)
    return keep(request, reply, await respondWithTokens(request, reply, attempt))
  })

  app.post('/logout', logOut, async (request, reply) => {
    await endAll(request)
    cookie.clear(request, reply)
    return noContent(reply.header('cache-control', 'no-store'))
  })

  app.post('/check', check, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    return { has_cookie: cookie.read(request) !== undefined }
  })
}

import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { atLeast, type Caller, type Role } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { assertScope } from '../scope.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call: a route that does not say stops the start. */
    allow?: Role | 'anyone'
    /** The scope that an API key needs here; a route without one is closed to keys. */
    scope?: string
    /** On a route for anyone: looks who sends a valid access token. Any other request is anonymous. */
    identifiesCaller?: boolean
    /** A browser can open it by a `ticket` in the query, since its EventSource sends no header. */
    takesTicket?: boolean
    /** Open to accounts whose email address is not confirmed yet. */
    allowUnverified?: boolean
  }
  interface FastifyRequest {
    /** Set by the guard, except on routes that allow anyone: those must not read it. */
    caller: Caller
    /** Who has sent an access token, on a route for anyone that identifies its callers. */
    knownCaller: Caller | undefined
  }
}

const NoQuery = Type.Object({}, { additionalProperties: false })

export type ResolveCaller = (request: FastifyRequest, reply: FastifyReply) => Promise<Caller>
export interface GuardOptions {
  resolveCaller: ResolveCaller
  needsVerified: boolean
  limitUser: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
}

/** Makes each route say who it allows and accept no query parameter that it does not declare. */
export const guard = fp(async (app, { resolveCaller, needsVerified, limitUser }: GuardOptions) => {
  app.decorateRequest('caller', null as unknown as Caller)
  app.decorateRequest('knownCaller', undefined)

  app.addHook('onRoute', (route: RouteOptions) => {
    const { allow, scope, allowUnverified, identifiesCaller } = route.config ?? {}
    if (!allow) {
      throw new Error(`${route.method} ${route.url} does not say who it allows`)
    }
    route.schema = { querystring: NoQuery, ...route.schema }
    if (allow === 'anyone' && identifiesCaller) {
      route.onRequest = [
        ...[route.onRequest ?? []].flat(),
        async (request: FastifyRequest, reply: FastifyReply) => {
          request.knownCaller = await findCaller(resolveCaller, request, reply)
        }
      ]
    }
    if (allow === 'anyone') {
      return
    }
    route.onRequest = [
      ...[route.onRequest ?? []].flat(),
      async (request: FastifyRequest, reply: FastifyReply) => {
        // Responses for one caller stay out of shared caches; conditional requests work without them.
        reply.header('cache-control', 'no-store')
        request.caller = await resolveCaller(request, reply)
        await limitUser(request, reply)
        assertScope(request.caller, scope)
        if (!atLeast(request.caller.role, allow)) {
          throw new Problem('not_allowed')
        }
        if (needsVerified && request.caller.is_unverified && !allowUnverified) {
          throw new Problem('email_unverified', {
            detail: 'Confirm your email address with the code that was sent to it.'
          })
        }
      }
    ]
  })
})

/** Returns the account behind a valid access token, if one was sent. An API key does not stand for its owner. */
async function findCaller(
  resolveCaller: ResolveCaller,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<Caller | undefined> {
  if (request.headers.authorization === undefined) {
    return undefined
  }
  try {
    const caller = await resolveCaller(request, reply)
    return caller.key ? undefined : caller
  } catch (error) {
    if (error instanceof Problem && error.code === 'unauthenticated') {
      return undefined
    }
    throw error
  }
}

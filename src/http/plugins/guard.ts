import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { atLeast, type Caller, type Role, type Scope } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call: a route that does not say stops the boot. */
    allow?: Role | 'anyone'
    /** What an API key must be allowed to do here; a route that names nothing is closed to keys. */
    scope?: Scope
    /** Open to accounts whose address still has to be confirmed. */
    allowUnverified?: boolean
  }
  interface FastifyRequest {
    /** Set by the guard on every route that does not allow anyone; routes for anyone must not look. */
    caller: Caller
  }
}

const NoQuery = Type.Object({}, { additionalProperties: false })

export type ResolveCaller = (request: FastifyRequest, reply: FastifyReply) => Promise<Caller>
export interface GuardOptions {
  resolveCaller: ResolveCaller
  needsVerified: boolean
  limitUser: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
}

/** The lock that makes forgetting impossible: each route says who it allows, and takes no parameter it did not declare. */
export const guard = fp(async (app, { resolveCaller, needsVerified, limitUser }: GuardOptions) => {
  app.decorateRequest('caller', null as unknown as Caller)

  app.addHook('onRoute', (route: RouteOptions) => {
    const { allow, scope, allowUnverified } = route.config ?? {}
    if (!allow) {
      throw new Error(`${route.method} ${route.url} does not say who it allows`)
    }
    route.schema = { querystring: NoQuery, ...route.schema }
    if (allow === 'anyone') {
      return
    }
    route.onRequest = [
      ...[route.onRequest ?? []].flat(),
      async (request: FastifyRequest, reply: FastifyReply) => {
        // What is meant for one caller stays out of shared caches; conditional requests work without them.
        reply.header('cache-control', 'no-store')
        request.caller = await resolveCaller(request, reply)
        await limitUser(request, reply)
        const { role, key, is_unverified } = request.caller
        if (key && !key.scopes.some((granted) => granted === scope)) {
          throw new Problem('missing_scope', {
            detail: scope
              ? `The API key needs the scope ${scope} for this.`
              : 'API keys cannot do this. Log in instead.'
          })
        }
        if (!atLeast(role, allow)) {
          throw new Problem('not_allowed')
        }
        if (needsVerified && is_unverified && !allowUnverified) {
          throw new Problem('email_unverified', {
            detail: 'Confirm your address with the code that was sent to it.'
          })
        }
      }
    ]
  })
})

import fastifyRateLimit, { type FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import { Problem } from '../core/problem.ts'
import { openRedis, type SharedRedis } from '../core/redis.ts'
import { addressNetwork } from '../lib/address.ts'
import { Counters } from '../lib/counters.ts'

const WINDOW_SECONDS = 60

/** How much of each budget one address or one user has in a minute. */
const limitsOf = (config: Config) => ({
  auth: config.RATE_LIMIT_AUTH, refresh: config.RATE_LIMIT_REFRESH, unknown: config.RATE_LIMIT_UNKNOWN,
  reads: config.RATE_LIMIT_READS, creates: config.RATE_LIMIT_CREATES, updates: config.RATE_LIMIT_UPDATES,
  deletes: config.RATE_LIMIT_DELETES, delete_all: config.RATE_LIMIT_DELETE_ALL, imports: config.RATE_LIMIT_IMPORTS
})
type Limits = ReturnType<typeof limitsOf>
export type Budget = keyof Limits
type Limiter = ReturnType<FastifyInstance['createRateLimit']>

const BY_METHOD: Record<string, Budget> = { POST: 'creates', PATCH: 'updates', PUT: 'updates', DELETE: 'deletes' }

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a request spends here. Routes for anyone are only limited by what they name; others spend by their method. */
    budget?: Budget
  }
  interface FastifyInstance {
    /** Counts a request of a caller who is known. For the guard. */
    limitUser: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
  }
}

/** Budgets by address before anything is read or hashed, and by user once the caller is known. */
export const rateLimit = fp(async (app, { config }: { config: Config }) => {
  if (config.RATE_LIMIT === 'off') { app.decorate('limitUser', async () => {}); return }
  const limits = limitsOf(config)
  const spend = await createBudgets(app, config, limits)

  app.decorate('limitUser', (request, reply) => spend(request.routeOptions.config.budget ?? BY_METHOD[request.method] ?? 'reads', request, reply))
  app.addHook('onRequest', async (request, reply) => {
    const { allow, budget } = request.routeOptions.config
    if (request.is404) await spend('unknown', request, reply)
    else if (allow === 'anyone' && budget) await spend(budget, request, reply)
  })
})

async function createBudgets (app: FastifyInstance, config: Config, limits: Limits) {
  const redis = config.REDIS_URL === undefined ? undefined : await openRedis(config.REDIS_URL, app.log)
  app.addHook('onClose', async () => { redis?.close() })
  const shared = redis && await limitersIn(app, limits, redis)
  // While Redis is away each instance grants its share.
  const share = (limit: number) => Math.max(1, Math.floor(limit / (redis ? config.RATE_LIMIT_INSTANCES : 1)))
  const local = await limitersIn(app, Object.fromEntries(Object.entries(limits).map(([budget, limit]) => [budget, share(limit)])) as Limits)

  const count = async (budget: Budget, request: FastifyRequest) => {
    if (redis?.isUp() && shared) {
      try {
        return await redis.inTime(shared[budget](request))
      } catch (err) {
        redis.failed(err)
      }
    }
    return local[budget](request)
  }

  return async function spend (budget: Budget, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const counted = await count(budget, request)
    if (!counted || counted.isAllowed) return
    const { max, remaining, ttlInSeconds, isExceeded } = counted
    const seconds = Math.max(1, ttlInSeconds)
    // The current form of the IETF draft, which the library does not speak.
    reply.header('ratelimit-policy', `"default";q=${max};w=${WINDOW_SECONDS}`).header('ratelimit', `"default";r=${remaining};t=${seconds}`)
    if (isExceeded) throw new Problem('rate_limited', { detail: `At most ${max} of these requests are served in a minute. Try again in ${seconds} s.`, headers: { 'retry-after': String(seconds) } })
  }
}

/** One limiter for each budget, in Redis or in this process. In a scope of its own, since a scope has one store. */
async function limitersIn (app: FastifyInstance, limits: Limits, redis?: SharedRedis): Promise<Record<Budget, Limiter>> {
  let limiters: [string, Limiter][] = []
  await app.register(async (scope) => {
    await scope.register(fastifyRateLimit, { global: false, timeWindow: WINDOW_SECONDS * 1000, ...(redis ? { redis: redis.client, nameSpace: 'tasklane:limit:' } : { store: Counters as unknown as FastifyRateLimitStoreCtor }) })
    limiters = Object.entries(limits).map(([budget, max]) => [budget, scope.createRateLimit({ max, timeWindow: WINDOW_SECONDS * 1000, keyGenerator: keyOf(budget as Budget) })])
  })
  return Object.fromEntries(limiters) as Record<Budget, Limiter>
}

/** Whose counter it is. Each route of the log-in family has one of its own. */
function keyOf (budget: Budget) {
  return (request: FastifyRequest): string => {
    switch (budget) {
      case 'auth': return `auth:${request.routeOptions.schema?.operationId}:${addressNetwork(request.address)}`
      case 'refresh': case 'unknown': return `${budget}:${addressNetwork(request.address)}`
      default: return `${budget}:${request.caller.id}`
    }
  }
}

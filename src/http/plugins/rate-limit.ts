import fastifyRateLimit, { type FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { LRUCache } from 'lru-cache'
import type { Config } from '../../config.ts'
import { Problem } from '../../core/problem.ts'
import { openRedis, type SharedRedis } from '../../core/redis.ts'
import { limitKey } from '../../lib/ip.ts'
import { WindowCounters } from '../../lib/window-counters.ts'

const WINDOW_SECONDS = 60

/** How much of each budget one address or one user has in a minute. */
const limitsOf = (config: Config) => ({
  auth: config.RATE_LIMIT_AUTH,
  refresh: config.RATE_LIMIT_REFRESH,
  unknown: config.RATE_LIMIT_NOT_FOUND,
  bad_tokens: config.RATE_LIMIT_INVALID_TOKENS,
  reads: config.RATE_LIMIT_READS,
  creates: config.RATE_LIMIT_CREATES,
  updates: config.RATE_LIMIT_UPDATES,
  deletes: config.RATE_LIMIT_DELETES,
  delete_all: config.RATE_LIMIT_DELETE_ALL,
  imports: config.RATE_LIMIT_IMPORTS
})
type Limits = ReturnType<typeof limitsOf>
export type Budget = keyof Limits
interface Left {
  max: number
  remaining: number
  seconds: number
}
type Spend = (budget: Budget, request: FastifyRequest, reply: FastifyReply) => Promise<void>
type Limiter = ReturnType<FastifyInstance['createRateLimit']>

const BY_METHOD: Record<string, Budget> = {
  POST: 'creates',
  PATCH: 'updates',
  PUT: 'updates',
  DELETE: 'deletes'
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a request spends here. Routes for anyone are only limited by what they name; others spend by their method. */
    budget?: Budget
  }
  interface FastifyInstance {
    /** Counts a request of a caller who is known. For the guard. */
    limitUser: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
    invalidTokens: InvalidTokenLimit
    /** Where requests are counted at this moment: nowhere, in this process, in Redis, or in this process while Redis is away. */
    limitsStorage: () => 'off' | 'alone' | 'shared' | 'fallback'
  }
}

/** What somebody may spend who shows what was never ours. */
export interface InvalidTokenLimit {
  /** Counts one bad token of an address. Throws when there were too many. */
  consume: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
  /** Throws while there are too many from an address, so that its next one is not even looked up. Counts nothing. */
  refuse: (request: FastifyRequest, reply: FastifyReply) => void
}

/** Addresses with too many bad tokens that are remembered at once. */
const MAX_SPENT = 10_000

/** Budgets by address before anything is read or hashed, and by user once the caller is known. */
export const rateLimit = fp(
  async (
    app,
    {
      config,
      counters = WindowCounters
    }: { config: Config; counters?: typeof WindowCounters | undefined }
  ) => {
    if (!config.RATE_LIMIT) {
      app
        .decorate('limitUser', async () => {})
        .decorate('invalidTokens', { consume: async () => {}, refuse: () => {} })
        .decorate('limitsStorage', () => 'off' as const)
      return
    }
    const limits = limitsOf(config)
    const { consume, kept } = await createBudgets(app, config, limits, counters)

    app.decorate('limitsStorage', kept)
    app.decorate('invalidTokens', badTokensOf(consume, limits.bad_tokens))
    app.decorate('limitUser', (request, reply) =>
      consume(
        request.routeOptions.config.budget ?? BY_METHOD[request.method] ?? 'reads',
        request,
        reply
      )
    )
    app.addHook('onRequest', async (request, reply) => {
      const { allow, budget } = request.routeOptions.config
      if (request.is404) {
        await consume('unknown', request, reply)
      } else if (allow === 'anyone' && budget) {
        await consume(budget, request, reply)
      }
    })
  }
)

async function createBudgets(
  app: FastifyInstance,
  config: Config,
  limits: Limits,
  counters: typeof WindowCounters
) {
  const redis =
    config.REDIS_URL === undefined ? undefined : await openRedis(config.REDIS_URL, app.log)
  app.addHook('onClose', async () => {
    redis?.close()
  })
  const shared = redis && (await limitersIn(app, limits, counters, redis))
  // While Redis is away each instance grants its share.
  const share = (limit: number) =>
    Math.max(1, Math.floor(limit / (redis ? config.RATE_LIMIT_INSTANCES : 1)))
  const local = await limitersIn(
    app,
    Object.fromEntries(
      Object.entries(limits).map(([budget, limit]) => [budget, share(limit)])
    ) as Limits,
    counters
  )

  const count = async (budget: Budget, request: FastifyRequest) => {
    if (redis?.isUp() && shared) {
      try {
        return await redis.withTimeout(shared[budget](request))
      } catch (err) {
        redis.reportFailure(err)
      }
    }
    return local[budget](request)
  }

  const consume: Spend = async (budget, request, reply) => {
    const counted = await count(budget, request)
    if (!counted || counted.isAllowed) {
      return
    }
    const left = {
      max: counted.max,
      remaining: counted.remaining,
      seconds: Math.max(1, counted.ttlInSeconds)
    }
    if (counted.isExceeded) {
      throw refusal(reply, left)
    }
    setLimitHeaders(reply, left)
  }
  return {
    consume,
    kept: () =>
      !redis ? ('alone' as const) : redis.isUp() ? ('shared' as const) : ('fallback' as const)
  }
}

/** An address without budget is remembered until it may try again. */
function badTokensOf(consume: Spend, limit: number): InvalidTokenLimit {
  const spent = new LRUCache<string, true>({ max: MAX_SPENT, ttl: WINDOW_SECONDS * 1000 })
  return {
    refuse: ({ clientIp }, reply) => {
      const seconds = Math.ceil(spent.getRemainingTTL(limitKey(clientIp)) / 1000)
      if (seconds > 0) {
        throw refusal(reply, { max: limit, remaining: 0, seconds })
      }
    },
    consume: async (request, reply) => {
      try {
        await consume('bad_tokens', request, reply)
      } catch (error) {
        if (error instanceof Problem) {
          spent.set(limitKey(request.clientIp), true, {
            ttl: Number(error.headers['retry-after']) * 1000
          })
        }
        throw error
      }
    }
  }
}

/** Says on the answer how much is left, in the current form of the IETF draft, which the library does not speak. */
function setLimitHeaders(reply: FastifyReply, { max, remaining, seconds }: Left): void {
  reply
    .header('ratelimit-policy', `"default";q=${max};w=${WINDOW_SECONDS}`)
    .header('ratelimit', `"default";r=${remaining};t=${seconds}`)
}

function refusal(reply: FastifyReply, left: Left): Problem {
  setLimitHeaders(reply, left)
  return new Problem('rate_limited', {
    detail: `At most ${left.max} of these requests are served in a minute. Try again in ${left.seconds} s.`,
    headers: { 'retry-after': String(left.seconds) }
  })
}

/** One limiter for each budget, in Redis or in this process. In a scope of its own, since a scope has one store. */
async function limitersIn(
  app: FastifyInstance,
  limits: Limits,
  counters: typeof WindowCounters,
  redis?: SharedRedis
): Promise<Record<Budget, Limiter>> {
  let limiters: [string, Limiter][] = []
  await app.register(async (scope) => {
    await scope.register(fastifyRateLimit, {
      global: false,
      timeWindow: WINDOW_SECONDS * 1000,
      ...(redis
        ? { redis: redis.client, nameSpace: 'tasklane:limit:' }
        : { store: counters as unknown as FastifyRateLimitStoreCtor })
    })
    limiters = Object.entries(limits).map(([budget, max]) => [
      budget,
      scope.createRateLimit({
        max,
        timeWindow: WINDOW_SECONDS * 1000,
        keyGenerator: keyOf(budget as Budget)
      })
    ])
  })
  return Object.fromEntries(limiters) as Record<Budget, Limiter>
}

/** Whose counter it is. Each route of the log-in family has one of its own. */
function keyOf(budget: Budget) {
  return (request: FastifyRequest): string => {
    switch (budget) {
      case 'auth':
        return `auth:${request.routeOptions.schema?.operationId}:${limitKey(request.clientIp)}`
      case 'refresh':
      case 'unknown':
      case 'bad_tokens':
        return `${budget}:${limitKey(request.clientIp)}`
      default:
        return `${budget}:${request.caller.id}`
    }
  }
}

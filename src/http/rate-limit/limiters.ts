import fastifyRateLimit, { type FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../../core/problem.ts'
import { openRedis, type SharedRedis } from '../../core/redis.ts'
import type { WindowCounters } from '../../lib/window-counters.ts'
import { type Budgets, counterKey, WINDOW_SECONDS } from './budgets.ts'

type Limiter = ReturnType<FastifyInstance['createRateLimit']>

/** Where requests are counted: in this process, in Redis, or in this process while Redis is down. */
export type LimitsStorage = 'alone' | 'shared' | 'fallback'
/** Counts a request against a budget and sets the headers that say what is left. Throws when nothing is. */
export type Consume = (
  budget: string,
  request: FastifyRequest,
  reply: FastifyReply
) => Promise<void>

interface Remaining {
  max: number
  remaining: number
  seconds: number
}

export interface LimiterOptions {
  budgets: Budgets
  counters: typeof WindowCounters
  redisUrl: string | undefined
  /** How many instances share the limits. */
  instances: number
}

/** Creates the limiters of all budgets: in Redis where there is one, with limiters of this process behind them. */
export async function createLimiters(
  app: FastifyInstance,
  { budgets, counters, redisUrl, instances }: LimiterOptions
): Promise<{ consume: Consume; storage: () => LimitsStorage }> {
  const redis = redisUrl === undefined ? undefined : await openRedis(redisUrl, app.log)
  app.addHook('onClose', async () => {
    redis?.close()
  })
  const shared = redis && (await limitersIn(app, budgets, counters, redis))
  // While Redis is down each instance grants its share.
  const local = await limitersIn(app, redis ? shareOf(budgets, instances) : budgets, counters)

  const count = async (budget: string, request: FastifyRequest) => {
    const limiter = shared?.get(budget)
    if (redis?.isUp() && limiter) {
      try {
        return await redis.withTimeout(limiter(request))
      } catch (err) {
        redis.reportFailure(err)
      }
    }
    return local.get(budget)?.(request)
  }
  return {
    async consume(budget, request, reply) {
      const counted = await count(budget, request)
      if (!counted || counted.isAllowed) {
        return
      }
      const { max, remaining, ttlInSeconds, isExceeded } = counted
      const left = { max, remaining, seconds: Math.max(1, ttlInSeconds) }
      if (isExceeded) {
        throw rateLimited(reply, left)
      }
      if (remaining < shownBy(reply)) {
        setLimitHeaders(reply, left)
      }
    },
    storage() {
      if (!redis) {
        return 'alone'
      }
      return redis.isUp() ? 'shared' : 'fallback'
    }
  }
}

const shareOf = (budgets: Budgets, instances: number): Budgets =>
  Object.fromEntries(
    Object.entries(budgets).map(([name, budget]) => [
      name,
      { ...budget, limit: Math.max(1, Math.floor(budget.limit / instances)) }
    ])
  )

/** Creates one limiter for each budget. In a scope of its own, since a scope has one store. */
async function limitersIn(
  app: FastifyInstance,
  budgets: Budgets,
  counters: typeof WindowCounters,
  redis?: SharedRedis
): Promise<Map<string, Limiter>> {
  const limiters = new Map<string, Limiter>()
  const timeWindow = WINDOW_SECONDS * 1000
  await app.register(async (scope) => {
    await scope.register(fastifyRateLimit, {
      global: false,
      timeWindow,
      ...(redis
        ? { redis: redis.client, nameSpace: 'tasklane:limit:' }
        : { store: counters as FastifyRateLimitStoreCtor })
    })
    for (const [name, { limit, per }] of Object.entries(budgets)) {
      const keyGenerator = counterKey(name, per)
      limiters.set(name, scope.createRateLimit({ max: limit, timeWindow, keyGenerator }))
    }
  })
  return limiters
}

/** Sets what is left in the current form of the IETF draft, which the library does not support. */
function setLimitHeaders(reply: FastifyReply, { max, remaining, seconds }: Remaining): void {
  reply
    .header('ratelimit-policy', `"default";q=${max};w=${WINDOW_SECONDS}`)
    .header('ratelimit', `"default";r=${remaining};t=${seconds}`)
}

/** Returns what the headers say is left: a request that counts against several budgets shows the one with the least. */
const shownBy = (reply: FastifyReply): number =>
  Number(/;r=(\d+);/.exec(String(reply.getHeader('ratelimit')))?.[1] ?? Infinity)

/** The problem of a request beyond its budget; sets the limit's headers as well. */
export function rateLimited(reply: FastifyReply, left: Remaining): Problem {
  setLimitHeaders(reply, left)
  return new Problem('rate_limited', {
    detail: `You can make ${left.max} of these requests per minute. Try again in ${left.seconds} s.`,
    headers: { 'retry-after': String(left.seconds) }
  })
}

import fastifyRateLimit, { type FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../../core/problem.ts'
import { openRedis } from '../../core/redis.ts'
import { RedisCounters } from '../../core/redis-counters.ts'
import type { Counters, WindowCounters } from '../../lib/window-counters.ts'
import { type Budgets, counterKey, WINDOW_SECONDS } from './budgets.ts'
import { type Costs, chargeIn, type Remaining, spendIn } from './charges.ts'

type Limiter = ReturnType<FastifyInstance['createRateLimit']>

/** Where requests are counted: in this process, in Redis, or in this process while Redis is down. */
export type LimitsStorage = 'alone' | 'shared' | 'fallback'
/** Counts a request against a budget and sets the headers that say what is left. Throws when nothing is. */
export type Consume = (
  budget: string,
  request: FastifyRequest,
  reply: FastifyReply
) => Promise<void>

/**
 * Counts what a request costs against several budgets of its caller: all of it or, where something does not fit,
 * nothing. Sets the headers of the budget that is scarcest afterwards.
 */
export type ChargeCosts = (
  costs: Costs,
  request: FastifyRequest,
  reply: FastifyReply
) => Promise<void>

/** Counts what was used of a budget of a user, perhaps nothing, and returns what is left. Never throws. */
export type SpendBudget = (budget: string, userId: string, amount: number) => Promise<Remaining>

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
): Promise<{
  consume: Consume
  charge: ChargeCosts
  spend: SpendBudget
  storage: () => LimitsStorage
}> {
  const redis = redisUrl === undefined ? undefined : await openRedis(redisUrl, app.log)
  app.addHook('onClose', async () => {
    redis?.close()
  })
  const shared = redis && (await limitersIn(app, budgets, new RedisCounters(redis.client)))
  // While Redis is down each instance grants its share.
  const ownBudgets = redis ? shareOf(budgets, instances) : budgets
  const local = await limitersIn(app, ownBudgets, new counters())

  const count = async <T>(countIn: (limits: Limits) => Promise<T>): Promise<T> => {
    if (redis?.isUp() && shared) {
      try {
        return await redis.withTimeout(countIn(shared))
      } catch (err) {
        redis.reportFailure(err)
      }
    }
    return countIn(local)
  }
  return {
    async charge(costs, request, reply) {
      const charged = await count((limits) => chargeIn(limits, costs, request.caller.id))
      if (charged.refusal || charged.left.remaining < shownBy(reply)) {
        setLimitHeaders(reply, charged.left)
      }
      if (charged.refusal) {
        throw charged.refusal
      }
    },
    spend: (budget, userId, amount) => count((limits) => spendIn(limits, budget, userId, amount)),
    async consume(budget, request, reply) {
      const counted = await count(async ({ limiters }) => limiters.get(budget)?.(request))
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
    storage: () => storageOf(redis)
  }
}

function storageOf(redis: { isUp: () => boolean } | undefined): LimitsStorage {
  if (!redis) {
    return 'alone'
  }
  return redis.isUp() ? 'shared' : 'fallback'
}

const shareOf = (budgets: Budgets, instances: number): Budgets =>
  Object.fromEntries(
    Object.entries(budgets).map(([name, budget]) => [
      name,
      { ...budget, limit: Math.max(1, Math.floor(budget.limit / instances)) }
    ])
  )

/** Where budgets are counted, and a limiter of each. */
export interface Limits {
  budgets: Budgets
  counters: Counters
  limiters: Map<string, Limiter>
}

/** Creates one limiter for each budget. In a scope of its own, since a scope has one store. */
async function limitersIn(
  app: FastifyInstance,
  budgets: Budgets,
  counters: Counters
): Promise<Limits> {
  const limiters = new Map<string, Limiter>()
  const timeWindow = WINDOW_SECONDS * 1000
  await app.register(async (scope) => {
    await scope.register(fastifyRateLimit, {
      global: false,
      timeWindow,
      // The library makes a store of its own for each limiter; all of ours are one.
      store: class {
        incr = counters.incr.bind(counters)
        child() {
          return this
        }
      } as unknown as FastifyRateLimitStoreCtor
    })
    for (const [name, { limit, per }] of Object.entries(budgets)) {
      const keyGenerator = counterKey(name, per)
      limiters.set(name, scope.createRateLimit({ max: limit, timeWindow, keyGenerator }))
    }
  })
  return { budgets, counters, limiters }
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

import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../../config.ts'
import { WindowCounters } from '../../lib/window-counters.ts'
import { hookOf } from '../hooks.ts'
import {
  type Budgets,
  budgetOf,
  generalBudgets,
  MAX_PASSWORD_BODY_BYTES,
  PASSWORD_BUDGETS
} from '../rate-limit/budgets.ts'
import { createInvalidTokenLimit, type InvalidTokenLimit } from '../rate-limit/invalid-tokens.ts'
import {
  type ChargeCosts,
  type Consume,
  createLimiters,
  type LimitsStorage,
  type SpendBudget
} from '../rate-limit/limiters.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The budget that a request counts against. Routes for anyone are only limited by the one they name; on others the
     * method decides unless they name one.
     */
    budget?: string
    /** The field of the body that may hold the caller's password, on routes for known callers. */
    passwordField?: string
  }
  interface FastifyInstance {
    /** Counts a request of a known caller. For the guard. */
    limitUser: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
    /** Counts what a request of a known caller costs, once its body says so. Throws when that does not fit. */
    chargeCosts: ChargeCosts
    spendBudget: SpendBudget
    invalidTokens: InvalidTokenLimit
    /** Where requests are counted at present. */
    limitsStorage: () => LimitsStorage | 'off'
  }
}

export interface RateLimitOptions {
  config: Config
  /** The features' budgets, besides the general ones. */
  budgets: Budgets
  counters?: typeof WindowCounters | undefined
}

/** Limits by IP address before anything is read or hashed, and by user once the caller is known. */
export const rateLimit = fp(
  async (app, { config, budgets: ofFeatures, counters = WindowCounters }: RateLimitOptions) => {
    const general = generalBudgets(config)
    const budgets: Budgets = { ...general, ...ofFeatures }
    app.addHook('onRoute', (route) => {
      const { budget: name, passwordField } = route.config ?? {}
      if (passwordField !== undefined) {
        route.bodyLimit ??= MAX_PASSWORD_BODY_BYTES
      }
      if (name === undefined) {
        return
      }
      const budget = budgets[name]
      if (!budget) {
        throw new Error(`${route.method} ${route.url} names a budget that nobody declares: ${name}`)
      }
      if (budget.maxBodyBytes !== undefined) {
        route.bodyLimit ??= budget.maxBodyBytes
      }
    })
    if (!config.RATE_LIMIT) {
      app
        .decorate('limitUser', async () => {})
        .decorate('chargeCosts', async () => {})
        .decorate('spendBudget', async () => ({ max: 0, remaining: 0, seconds: 0 }))
        .decorate('invalidTokens', { consume: async () => {}, refuse: () => {} })
        .decorate('limitsStorage', () => 'off' as const)
      return
    }
    const { consume, charge, spend, storage } = await createLimiters(app, {
      budgets,
      counters,
      redisUrl: config.REDIS_URL,
      instances: config.RATE_LIMIT_INSTANCES
    })
    app.decorate('limitsStorage', storage)
    app.decorate('chargeCosts', charge)
    app.decorate('spendBudget', spend)
    app.decorate(
      'invalidTokens',
      createInvalidTokenLimit(consume, 'invalid_tokens', general.invalid_tokens.limit)
    )
    app.decorate('limitUser', (request, reply) => consume(budgetOf(request), request, reply))
    app.addHook(
      'onRequest',
      hookOf((request, reply) => {
        const { allow, budget } = request.routeOptions.config
        if (request.is404) {
          return consume('not_found', request, reply)
        }
        return allow === 'anyone' && budget ? consume(budget, request, reply) : undefined
      })
    )
    app.addHook(
      'preHandler',
      hookOf((request, reply) =>
        hasPassword(request) ? limitPasswords(consume, request, reply) : undefined
      )
    )
  }
)

function hasPassword({ routeOptions, body }: FastifyRequest): boolean {
  const { passwordField } = routeOptions.config
  const fields = body as Record<string, unknown> | null | undefined
  return passwordField !== undefined && fields?.[passwordField] !== undefined
}

/** Counts a request that makes the server check a password, once its body is known to match the contract. */
async function limitPasswords(
  consume: Consume,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<void> {
  for (const budget of PASSWORD_BUDGETS) {
    await consume(budget, request, reply)
  }
}

import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Budgets } from '../rate-limit/budgets.ts'

export interface IpBansOptions {
  /** How many seconds an IP address is still banned; undefined when it is not. */
  bannedFor: (ip: string) => Promise<number | undefined>
  /** They say which problems are violations. */
  budgets: Budgets
  reportViolation: (violation: RequestContext<null>) => void
  /** Resolves when every reported violation is stored. */
  flush: () => Promise<void>
}

/**
 * Rejects banned IP addresses before anything costs time, and reports the responses that are violations: those that
 * their budget names. A 429 is none, for it costs nothing, and any website can make its visitors' browsers earn some.
 */
export const ipBans = fp(async (app, options: IpBansOptions) => {
  const { bannedFor, budgets, reportViolation, flush } = options
  app.addHook('onRequest', async (request) => {
    const seconds = await bannedFor(request.clientIp)
    if (seconds !== undefined) {
      throw new Problem('ip_banned', {
        detail: 'Your IP address is banned, by too many violations or by an administrator.',
        headers: { 'retry-after': String(seconds) }
      })
    }
  })

  // After the response, which does not wait for the database.
  app.addHook('onResponse', async (request) => {
    if (isViolation(request, budgets)) {
      reportViolation(request.anonymousCtx)
    }
  })

  app.addHook('onClose', () => flush())
})

function isViolation({ problem, routeOptions }: FastifyRequest, budgets: Budgets): boolean {
  const { violations } = budgets[routeOptions.config.budget ?? ''] ?? {}
  return Boolean(problem && violations?.includes(problem.code))
}

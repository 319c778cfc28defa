import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { hookOf } from '../hooks.ts'
import type { Budgets } from '../rate-limit/budgets.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Open to anyone even under an automatic ban: for what only works with a valid credential. */
    ignoresAutomaticBans?: true
  }
  interface FastifyRequest {
    /** The automatic ban of the client's IP address, for a route that ignores such bans for some of its requests. */
    automaticBan: Problem | null
  }
}

export interface BanInForce {
  secondsLeft: number
  isAutomatic: boolean
}
export interface IpBansOptions {
  /** The ban of an IP address that is in force, one by hand before one that the server created. */
  findBan: (ip: string) => Promise<BanInForce | undefined> | BanInForce | undefined
  /** They say which problems are violations. */
  budgets: Budgets
  reportViolation: (violation: RequestContext<null>) => void
  /** Resolves when every reported violation is stored. */
  flush: () => Promise<void>
}

/**
 * Rejects banned IP addresses before anything costs time, and reports the responses that are violations: those that
 * their budget names. A 429 is none, for it costs nothing, and any website can make its visitors' browsers earn some.
 *
 * A ban by hand closes everything. An automatic one closes what is open to anyone, so that others behind the same IP
 * address go on: who has a valid token, key or refresh token did not guess it.
 */
export const ipBans = fp(async (app, options: IpBansOptions) => {
  const { findBan, budgets, reportViolation, flush } = options
  app.decorateRequest('automaticBan', null)
  app.addHook(
    'onRequest',
    hookOf((request) => {
      const found = findBan(request.clientIp)
      return found instanceof Promise
        ? found.then((ban) => applyBan(request, ban))
        : applyBan(request, found)
    })
  )

  // After the response, which does not wait for the database.
  app.addHook(
    'onResponse',
    hookOf((request) => {
      if (isViolation(request, budgets)) {
        reportViolation(request.anonymousCtx)
      }
    })
  )

  app.addHook('onClose', () => flush())
})

function applyBan(request: FastifyRequest, ban: BanInForce | undefined): void {
  if (ban === undefined) {
    return
  }
  const problem = banned(ban.secondsLeft)
  if (!ban.isAutomatic || isOpenToAnyone(request)) {
    throw problem
  }
  request.automaticBan = problem
}

const banned = (secondsLeft: number): Problem =>
  new Problem('ip_banned', {
    detail: 'Your IP address is banned, by too many violations or by an administrator.',
    headers: { 'retry-after': String(secondsLeft) }
  })

function isOpenToAnyone({ is404, routeOptions: { config } }: FastifyRequest): boolean {
  return is404 || (config.allow === 'anyone' && !config.ignoresAutomaticBans)
}

function isViolation({ problem, routeOptions }: FastifyRequest, budgets: Budgets): boolean {
  const { violations } = budgets[routeOptions.config.budget ?? ''] ?? {}
  return Boolean(problem?.isGuess && violations?.includes(problem.code))
}

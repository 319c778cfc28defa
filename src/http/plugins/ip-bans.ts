import fp from 'fastify-plugin'
import type { RequestContext } from '../../core/context.ts'
import { Problem, type ProblemCode } from '../../core/problem.ts'

export interface IpBansOptions {
  /** How many seconds an address stays banned; undefined when it is not. */
  bannedFor: (address: string) => Promise<number | undefined>
  reportViolation: (violation: RequestContext<null>) => void
  /** Resolves when every offence that was noted is written. */
  flush: () => Promise<void>
}

const FAILED_LOGIN = new Set<ProblemCode | undefined>(['bad_credentials', 'invalid_grant'])

/** Refuses banned addresses before anything costs money, and tells whose answers are offences. */
export const ipBans = fp(async (app, { bannedFor, reportViolation, flush }: IpBansOptions) => {
  app.addHook('onRequest', async (request) => {
    const seconds = await bannedFor(request.clientIp)
    if (seconds !== undefined) {
      throw new Problem('ip_banned', {
        detail: 'Too much went wrong from here, or an administrator said so.',
        headers: { 'retry-after': String(seconds) }
      })
    }
  })

  // After the answer: a refusal does not wait for the database.
  app.addHook('onResponse', async (request, reply) => {
    const isFailedLogin =
      request.routeOptions.config.budget === 'auth' && FAILED_LOGIN.has(request.problem?.code)
    if (reply.statusCode === 429 || isFailedLogin) {
      reportViolation(request.anonymousCtx)
    }
  })

  app.addHook('onClose', () => flush())
})

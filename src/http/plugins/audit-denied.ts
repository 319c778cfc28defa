import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type OldActor as Actor, audit, type Source } from '../../core/audit.ts'
import type { ProblemCode } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { operationIdOf } from '../operation.ts'

/** Where a request comes from, as the audit log remembers it. */
export const sourceOf = (request: FastifyRequest): Source & { address: string } => ({
  address: request.clientIp,
  request_id: request.id
})

/** Who makes a request. */
export const actorOf = (request: FastifyRequest): Actor & { address: string } => ({
  ...sourceOf(request),
  actor_id: request.caller.id,
  actor_name: request.caller.name
})

/** Responses that say nothing about rights, or that are recorded where they arise. */
const NOT_ABOUT_RIGHTS = new Set<ProblemCode>(['wrong_password', 'quota_exceeded'])
export interface AuditDeniedOptions {
  db: Db
  /** Path parameter → the type of subject that the log shows. */
  subjects: Readonly<Record<string, string>>
}

/** Records every denied authorisation: who tried which operation on what. */
export const auditRefusals = fp(async (app, { db, subjects }: AuditDeniedOptions) => {
  app.addHook('onSend', async (request, reply) => {
    const { caller, problem } = request
    if (
      reply.statusCode !== 403 ||
      caller === null ||
      problem === null ||
      NOT_ABOUT_RIGHTS.has(problem.code)
    ) {
      return
    }
    const params = request.params as Record<string, string>
    const [param, type] =
      Object.entries(subjects).find(([name]) => params[name] !== undefined) ?? []
    const subject = param && type ? { [type]: params[param] ?? null } : undefined
    try {
      await audit.refused(db, request.ctx, 'access.refused', subject, operationIdOf(request))
    } catch (err) {
      // The response is the same whether or not it can be recorded.
      request.log.error({ err }, 'a denied access could not be recorded')
    }
  })
})

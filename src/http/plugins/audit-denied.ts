import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { audit } from '../../core/audit.ts'
import type { ProblemCode } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { UUID } from '../../lib/uuid.ts'
import { operationIdOf } from '../operation.ts'

/** Problems that say nothing about rights, or that are audited where they arise. */
const NOT_ABOUT_RIGHTS = new Set<ProblemCode>(['wrong_password', 'quota_exceeded'])
export interface AuditDeniedOptions {
  db: Db
  /** Path parameter → the type of subject that the log shows. */
  subjects: Readonly<Record<string, string>>
}

/** A request is refused before its path is validated: what is no id may be a secret in the wrong place. */
const idOrNull = (param: string | undefined): string | null =>
  param !== undefined && UUID.test(param) ? param.toLowerCase() : null

/** Audits every refused authorisation: who tried which operation on what. */
export const auditDenied = fp(async (app, { db, subjects }: AuditDeniedOptions) => {
  const auditRefusal = async (request: FastifyRequest) => {
    const params = request.params as Record<string, string>
    const [param, type] =
      Object.entries(subjects).find(([name]) => params[name] !== undefined) ?? []
    const subject = param && type ? { [type]: idOrNull(params[param]) } : undefined
    try {
      await audit.refused(db, request.ctx, 'access.refused', subject, operationIdOf(request))
    } catch (err) {
      // The request is refused whether or not the database can store that.
      request.log.error({ err }, 'could not audit a refusal')
    }
  }
  app.addHook('onSend', (request, reply, payload, done) => {
    const { caller, problem } = request
    if (
      reply.statusCode !== 403 ||
      caller === null ||
      problem === null ||
      NOT_ABOUT_RIGHTS.has(problem.code)
    ) {
      done(null, payload)
    } else {
      void auditRefusal(request).then(() => done(null, payload), done)
    }
  })
})

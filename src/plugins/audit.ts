import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type Actor, type AuditFact, recordAudit, type Source } from '../core/audit.ts'
import type { ProblemCode } from '../core/problem.ts'
import type { Db } from '../db/client.ts'

/** Where a request comes from, as the audit log remembers it. */
export const sourceOf = (request: FastifyRequest): Source & { address: string } => ({
  address: request.address,
  request_id: request.id
})

/** Who makes a request. */
export const actorOf = (request: FastifyRequest): Actor & { address: string } => ({
  ...sourceOf(request),
  actor_id: request.caller.id,
  actor_name: request.caller.name
})

/** Refusals that say nothing about rights, or that are written down where they arise. */
const NOT_ABOUT_RIGHTS = new Set<ProblemCode>(['wrong_password', 'quota_exceeded'])
const SUBJECTS: [param: string, type: NonNullable<AuditFact['subject_type']>][] = [
  ['user_id', 'user'],
  ['session_id', 'session'],
  ['key_id', 'api_key'],
  ['ban_id', 'ip_ban'],
  ['task_id', 'task'],
  ['import_id', 'task_import']
]

/** Writes down every refused authorisation: who tried which operation on what. */
export const auditRefusals = fp(async (app, { db }: { db: Db }) => {
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
    const [param, subject_type] = SUBJECTS.find(([name]) => params[name] !== undefined) ?? [
      '',
      null
    ]
    const { operationId } = (request.routeOptions.schema ?? {}) as { operationId?: string }
    try {
      await recordAudit(db, {
        ...actorOf(request),
        action: 'access.refused',
        outcome: 'refused',
        subject_type,
        subject_id: params[param] ?? null,
        detail: operationId ?? null
      })
    } catch (err) {
      // The refusal stands whether or not the database can remember it.
      request.log.error({ err }, 'a refusal could not be recorded')
    }
  })
})

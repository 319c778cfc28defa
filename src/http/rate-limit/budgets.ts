import type { FastifyRequest } from 'fastify'
import type { Config } from '../../config.ts'
import type { ProblemCode } from '../../core/problem.ts'
import { limitKey } from '../../lib/ip.ts'
import { operationIdOf } from '../operation.ts'

/** How many requests are served in one window. */
export interface Budget {
  limit: number
  /** Whose requests are counted together. */
  per: 'user' | 'ip' | 'operation_and_ip'
  /** The largest body that its requests may have, where they are known to be small. */
  maxBodyBytes?: number
  /** Problems that count as a violation of the client's IP address: failed credentials and codes. */
  violations?: readonly ProblemCode[]
}
export type Budgets = Readonly<Record<string, Budget>>

export const WINDOW_SECONDS = 60

const BY_METHOD: Record<string, string> = {
  POST: 'creates',
  PATCH: 'updates',
  PUT: 'updates',
  DELETE: 'deletes'
}

/** The budgets that are about no feature in particular. */
export const generalBudgets = (config: Config) =>
  ({
    not_found: { limit: config.RATE_LIMIT_NOT_FOUND, per: 'ip' },
    invalid_tokens: { limit: config.RATE_LIMIT_INVALID_TOKENS, per: 'ip' },
    reads: { limit: config.RATE_LIMIT_READS, per: 'user' },
    creates: { limit: config.RATE_LIMIT_CREATES, per: 'user' },
    updates: { limit: config.RATE_LIMIT_UPDATES, per: 'user' },
    deletes: { limit: config.RATE_LIMIT_DELETES, per: 'user' },
    database_ms: { limit: config.RATE_LIMIT_DATABASE_MS, per: 'user' },
    passwords_of_user: { limit: config.RATE_LIMIT_AUTH, per: 'user' },
    passwords: { limit: config.RATE_LIMIT_AUTH, per: 'operation_and_ip' }
  }) satisfies Budgets

/** Those of requests of known callers whose body has a password, besides the one of their method: hashing is costly. */
export const PASSWORD_BUDGETS = ['passwords_of_user', 'passwords'] as const
/** Several times what a profile and a password take. */
export const MAX_PASSWORD_BODY_BYTES = 8192

/** The budget of a known caller's request: the one that its route names, else that of its method. */
export const budgetOf = ({ routeOptions, method }: FastifyRequest): string =>
  routeOptions.config.budget ?? BY_METHOD[method] ?? 'reads'

/** Returns the function that names the counter a request belongs to. */
export function counterKey(budget: string, per: Budget['per']) {
  switch (per) {
    case 'operation_and_ip':
      return (request: FastifyRequest) =>
        `${budget}:${operationIdOf(request)}:${limitKey(request.clientIp)}`
    case 'ip':
      return (request: FastifyRequest) => `${budget}:${limitKey(request.clientIp)}`
    default:
      return (request: FastifyRequest) => userKey(budget, request.caller.id)
  }
}

/** Names the counter of a user's budget. */
export const userKey = (budget: string, userId: string): string => `${budget}:${userId}`

import type { FastifyReply, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { Problem } from '../../core/problem.ts'
import { limitKey } from '../../lib/ip.ts'
import { WINDOW_SECONDS } from './budgets.ts'
import { type Consume, rateLimited } from './limiters.ts'

/** Blocked IP addresses that are remembered at once. */
const MAX_BLOCKED = 10_000

/** Limits how many tokens and keys that were never issued here one IP address may try. */
export interface InvalidTokenLimit {
  /** Counts one invalid token of an IP address. Throws when there were too many. */
  consume: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
  /** Throws while an IP address has sent too many, so that its next one is not even looked up. Counts nothing. */
  refuse: (request: FastifyRequest, reply: FastifyReply) => void
}

/** Creates the limit; it remembers an IP address that has used up its budget until it may try again. */
export function createInvalidTokenLimit(
  consume: Consume,
  budget: string,
  limit: number
): InvalidTokenLimit {
  const blocked = new LRUCache<string, true>({ max: MAX_BLOCKED, ttl: WINDOW_SECONDS * 1000 })
  return {
    refuse({ clientIp }, reply) {
      const seconds = Math.ceil(blocked.getRemainingTTL(limitKey(clientIp)) / 1000)
      if (seconds > 0) {
        throw rateLimited(reply, { max: limit, remaining: 0, seconds })
      }
    },
    async consume(request, reply) {
      try {
        await consume(budget, request, reply)
      } catch (error) {
        if (error instanceof Problem) {
          const ttl = Number(error.headers['retry-after']) * 1000
          blocked.set(limitKey(request.clientIp), true, { ttl })
        }
        throw error
      }
    }
  }
}

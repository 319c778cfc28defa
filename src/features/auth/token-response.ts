import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../../core/problem.ts'
import type { TokenSet } from './schema.ts'

/** Returns tokens with a header against caching, and logs the attempt with its outcome, never with what was sent. */
export async function respondWithTokens(
  request: FastifyRequest,
  reply: FastifyReply,
  attempt: Promise<TokenSet>
): Promise<TokenSet> {
  reply.header('cache-control', 'no-store')
  const operation = request.routeOptions.schema?.operationId
  try {
    const tokens = await attempt
    request.log.info(
      { event: 'auth.succeeded', operation, user_id: tokens.user.id },
      'authentication'
    )
    return tokens
  } catch (error) {
    const code = error instanceof Problem ? error.code : 'internal_error'
    request.log.info({ event: 'auth.failed', operation, code }, 'authentication')
    throw error
  }
}

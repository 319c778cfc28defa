import type { FastifyReply } from 'fastify'

/** Responds with 204 and no body. */
export function noContent(reply: FastifyReply): null {
  reply.code(204)
  return null
}

import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'

type Hook = (
  request: FastifyRequest,
  reply: FastifyReply,
  done: HookHandlerDoneFunction
) => Promise<void> | undefined

/**
 * Makes a hook for onRequest, preHandler or onResponse of a function that usually waits for nothing, and then is over
 * without a promise: every request passes a dozen hooks, and each promise waits for turns of the microtask queue. What
 * `run` throws, or rejects with, refuses the request.
 */
export const hookOf =
  (run: (request: FastifyRequest, reply: FastifyReply) => Promise<void> | void): Hook =>
  (request, reply, done) => {
    const waits = run(request, reply)
    if (waits) {
      return waits
    }
    done()
    return undefined
  }

import fp from 'fastify-plugin'
import { hookOf } from '../hooks.ts'

/**
 * Says in the log, once, how limits are lifted, when the first request meets one. For development: whoever tries a load
 * test there sees nothing but 429.
 */
export const limitHint = fp(async (app) => {
  let isSaid = false
  app.addHook(
    'onResponse',
    hookOf((_request, reply) => {
      if (reply.statusCode === 429 && !isSaid) {
        isSaid = true
        app.log.warn(
          'a rate limit has refused a request: RATE_LIMIT=off lifts all limits, for load tests; RATE_LIMIT_READS and ' +
            'the like raise one (docs/configuration.md)'
        )
      }
    })
  )
})

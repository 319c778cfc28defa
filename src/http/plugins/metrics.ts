import fp from 'fastify-plugin'
import type { Metrics } from '../../core/metrics.ts'
import { hookOf } from '../hooks.ts'
import { operationIdOf } from '../operation.ts'

/** For what has no operationId: probes, documents, unknown paths. */
const OTHER = 'other'

/** Counts every response by its operation. Registered only where metrics are served. */
export const metrics = fp(async (app, { metrics }: { metrics: Metrics }) => {
  app.addHook(
    'onResponse',
    hookOf((request, reply) => {
      metrics.recordResponse(
        operationIdOf(request) ?? OTHER,
        reply.statusCode,
        reply.elapsedTime / 1000,
        request.problem?.code
      )
    })
  )
  app.server.on('drop', () => metrics.recordRefusedConnection())
  metrics.watch(
    'rate_limit_redis_up',
    'Whether limits are counted in Redis: 0 while it is down or when there is none.',
    () => Number(app.limitsStorage() === 'shared')
  )
})

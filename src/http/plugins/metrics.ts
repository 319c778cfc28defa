import fp from 'fastify-plugin'
import type { Metrics } from '../../core/metrics.ts'

/** What has no operationId: probes, the documents, paths that name nothing. */
const OTHER = 'other'

/** Counts every answer by the name callers know it by. Not registered at all where nobody may ask. */
export const metrics = fp(async (app, { metrics }: { metrics: Metrics }) => {
  app.addHook('onResponse', async (request, reply) => {
    const { operationId = OTHER } = (request.routeOptions.schema ?? {}) as { operationId?: string }
    metrics.recordResponse(
      operationId,
      reply.statusCode,
      reply.elapsedTime / 1000,
      request.problem?.code
    )
  })
  metrics.watch(
    'rate_limit_redis_up',
    'Whether limits are counted in Redis at this moment: 0 while it is away or when there is none.',
    () => Number(app.limitsStorage() === 'shared')
  )
})

import underPressure from '@fastify/under-pressure'
import fp from 'fastify-plugin'
import { unavailable } from '../../core/problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Served under any load, such as a probe. */
    isNeverShed?: true
  }
}

const SAMPLE_MS = 500

/** Rejects new requests while the event loop lags, so that those in flight can finish. */
export const loadShedding = fp(async (app, { maxDelayMs }: { maxDelayMs: number }) => {
  if (maxDelayMs === 0) {
    return
  }
  // Starting up keeps the event loop busy, which is no overload: the first sample that counts is wholly after it.
  let countsFrom = Number.POSITIVE_INFINITY
  app.addHook('onReady', async () => {
    countsFrom = performance.now() + 2 * SAMPLE_MS
  })
  await app.register(underPressure, {
    maxEventLoopDelay: maxDelayMs,
    sampleInterval: SAMPLE_MS,
    pressureHandler: async ({ routeOptions }) => {
      if (performance.now() > countsFrom && !routeOptions.config?.isNeverShed) {
        throw unavailable('The server is overloaded. Nothing was done. Try again.', 1)
      }
    }
  })
})

import underPressure from '@fastify/under-pressure'
import fp from 'fastify-plugin'
import { unavailable } from '../../core/problem.ts'

const SAMPLE_MS = 500

/** Turns new requests away while the event loop lags, so that those under way come to an end. Probes always get through. */
export const loadShedding = fp(async (app, { maxDelayMs }: { maxDelayMs: number }) => {
  if (maxDelayMs === 0) {
    return
  }
  // Starting up keeps the event loop busy, which is no overload: the first sample that counts lies wholly after it.
  let countsFrom = Number.POSITIVE_INFINITY
  app.addHook('onReady', async () => {
    countsFrom = performance.now() + 2 * SAMPLE_MS
  })
  await app.register(underPressure, {
    maxEventLoopDelay: maxDelayMs,
    sampleInterval: SAMPLE_MS,
    pressureHandler: async ({ routeOptions }) => {
      if (performance.now() > countsFrom && !routeOptions.url?.startsWith('/health/')) {
        throw unavailable('The server is overloaded. Nothing was done; try again shortly.', 1)
      }
    }
  })
})

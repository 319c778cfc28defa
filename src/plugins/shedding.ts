import underPressure from '@fastify/under-pressure'
import fp from 'fastify-plugin'
import { unavailable } from '../core/problem.ts'

/** Turns new requests away while the event loop lags, so that those under way come to an end. Probes always get through. */
export const shedding = fp(async (app, { maxDelayMs }: { maxDelayMs: number }) => {
  if (maxDelayMs === 0) return
  await app.register(underPressure, {
    maxEventLoopDelay: maxDelayMs,
    sampleInterval: 500,
    pressureHandler: async ({ routeOptions }) => {
      if (!routeOptions.url?.startsWith('/health/')) throw unavailable('The server is overloaded. Nothing was done; try again shortly.', 1)
    }
  })
})

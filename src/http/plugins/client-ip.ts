import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { canonicalIp } from '../../lib/ip.ts'
import { hookOf } from '../hooks.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's IP address in its canonical spelling, for everything that counts or rejects by IP address. */
    clientIp: string
  }
}

/** `192.0.2.7:4711` and `[2001:db8::7]:4711`, which some proxies append instead of the bare IP address. */
const WITH_PORT = /^(?:\[([0-9a-f:.]+)\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5})$/i

/** Sets the client's IP address before any other hook runs. */
export const clientIpPlugin = fp(async (app) => {
  app.decorateRequest('clientIp', '')
  app.addHook(
    'onRequest',
    hookOf((request) => {
      request.clientIp = resolveClientIp(request)
    })
  )
})

/**
 * Returns the socket's address, or, behind trusted proxies, the first untrusted one from the right. If that is no IP
 * address (such as `unknown`), the last proxy with one takes its place, so that no client can hide behind nonsense.
 */
function resolveClientIp({ ip, ips }: FastifyRequest): string {
  const hops = (ips ?? [ip]).map((hop) => {
    const [, v6, v4] = WITH_PORT.exec(hop) ?? []
    return v6 ?? v4 ?? hop
  })
  return canonicalIp(hops.findLast((hop) => isIP(hop) !== 0) ?? '')
}

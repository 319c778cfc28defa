import type { FastifyRequest } from 'fastify'
import { isLoopback } from '../lib/ip.ts'

/** A proxy says in them where a request came from and which host it was for. */
const FORWARDED_LISTS = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'cf-connecting-ip'
]
/** RFC 7239: `for=192.0.2.7;host=example.com, for="[2001:db8::7]:4711"`. */
const FORWARDED_PAIR = /^\s*(?:for|host)\s*=\s*"?([^"]*)"?\s*$/i
const PORT = /:\d*$/

/**
 * Returns true for a request that somebody on this machine sends to it by its own name. The name keeps out web pages
 * whose host resolves to this machine (DNS rebinding), the forwarded headers what comes through a proxy or tunnel
 * here: nobody gains by inventing them.
 */
export function isFromOwnMachine({ headers, raw }: FastifyRequest): boolean {
  const listed = FORWARDED_LISTS.flatMap((name) => [headers[name] ?? []].flat())
  const claimed = [headers.forwarded ?? []]
    .flat()
    .flatMap((value) => value.split(/[;,]/))
    .map((pair) => FORWARDED_PAIR.exec(pair)?.[1] ?? '')
    .filter(Boolean)
  const origins = [...listed.flatMap((value) => value.split(',')), ...claimed]
  return (
    headers.via === undefined &&
    isLoopback(raw.socket.remoteAddress ?? '') &&
    isLoopbackHost(headers.host ?? '') &&
    origins.every((origin) => isLoopback(origin.trim()) || isLoopbackHost(origin.trim()))
  )
}

/** True for a name or IP address of this machine with a port or without. */
const isLoopbackHost = (host: string): boolean => isLoopback(host.replace(PORT, ''))

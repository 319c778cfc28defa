import type { FastifyReply, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { Caller } from '../core/context.ts'
import { invalidField, unauthenticated } from '../core/problem.ts'
import { API_KEY_PREFIX } from '../lib/api-key.ts'
import { hashToken } from '../lib/token.ts'
import { isExpired, type VerifiedClaims } from './plugins/access-tokens.ts'
import type { ResolveCaller } from './plugins/guard.ts'
import type { InvalidTokenLimit } from './rate-limit/invalid-tokens.ts'

export type ResolveToken = (sessionId: string, userId: string) => Promise<Caller | undefined>

export type ResolveKey = (key: string) => Promise<Caller | undefined>

/** Finds the caller behind a ticket, which opens one request. */
export type ResolveTicket = (ticket: string) => Promise<Caller | undefined>

export interface CallerSources {
  verify: (token: string) => VerifiedClaims
  resolveToken: ResolveToken
  resolveKey: ResolveKey
  resolveTicket: ResolveTicket
  invalidTokens: InvalidTokenLimit
}

/** Keys that were valid recently are looked up whatever else comes from their IP address. */
const RECENTLY_MS = 600_000
const MAX_RECENT_KEYS = 10_000
/** Tokens whose signature was verified. The cache has one process and one secret, so no token outlives either. */
const MAX_VERIFIED = 10_000

/**
 * Returns the function that finds the caller behind `Authorization: Bearer`, an access token or an API key, checked
 * against the current state of the database; everything else is the same 401. Credentials that were never issued here
 * are counted by IP address. A token that we signed is not, however old, and neither it nor a known key is rejected
 * because of other clients behind the same IP address.
 */
export function createAuthenticator(sources: CallerSources): ResolveCaller {
  const claimsOf = createClaimsReader(sources.verify)
  const resolveApiKey = createApiKeyResolver(sources)
  return async (request, reply) => {
    const ticket = ticketOf(request)
    if (ticket !== undefined) {
      return callerOfTicket(sources, ticket, request, reply)
    }
    const credential = readCredential(request)
    if (isApiKey(credential)) {
      return resolveApiKey(credential, request, reply)
    }
    const claims = claimsOf(credential)
    if (claims === 'invalid') {
      await sources.invalidTokens.consume(request, reply)
    }
    if (typeof claims === 'string') {
      throw unauthenticated('The access token is not valid or has expired.')
    }
    const caller = await sources.resolveToken(claims.sid, claims.sub)
    if (!caller) {
      throw unauthenticated('The session has ended. Log in again.')
    }
    return caller
  }
}

function createApiKeyResolver({ resolveKey, invalidTokens }: CallerSources) {
  const recentlyValid = new LRUCache<string, true>({ max: MAX_RECENT_KEYS, ttl: RECENTLY_MS })
  return async (credential: string, request: FastifyRequest, reply: FastifyReply) => {
    const hash = hashToken(credential)
    if (!recentlyValid.has(hash)) {
      invalidTokens.refuse(request, reply)
    }
    const caller = await resolveKey(credential)
    if (caller) {
      recentlyValid.set(hash, true)
      return caller
    }
    recentlyValid.delete(hash)
    await invalidTokens.consume(request, reply)
    throw unauthenticated('The API key is not valid, has expired or was revoked.')
  }
}

/** Returns the ticket of a request for a route that takes one instead of a header. */
const ticketOf = ({ routeOptions, query }: FastifyRequest): string | undefined => {
  const { ticket } = query as { ticket?: unknown }
  return routeOptions.config.takesTicket && typeof ticket === 'string' ? ticket : undefined
}

async function callerOfTicket(
  { resolveTicket, invalidTokens }: CallerSources,
  ticket: string,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<Caller> {
  const caller = await resolveTicket(ticket)
  if (!caller) {
    await invalidTokens.consume(request, reply)
    throw unauthenticated('The ticket is not valid: it works once, for 30 seconds. Draw a new one.')
  }
  return caller
}

const HEADER = 'authorization'

const isApiKey = (credential: string): boolean => credential.startsWith(API_KEY_PREFIX)

/**
 * Returns the one credential of a request. Node keeps the first of several headers, some clients join them with commas,
 * and a proxy may have checked any of them, so more than one is an error.
 */
function readCredential({ raw: { rawHeaders } }: FastifyRequest): string {
  const sent: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === HEADER.length && name.toLowerCase() === HEADER) {
      sent.push(...(rawHeaders[i + 1] as string).split(','))
    }
  }
  const [first, ...others] = sent.map((value) => /^\s*bearer +([^\s]+)\s*$/i.exec(value)?.[1])
  if (first !== undefined && others.length === 0) {
    return first
  }
  const known = [first, ...others].filter((credential) => credential !== undefined)
  if (known.some(isApiKey) && !known.every(isApiKey)) {
    const detail = 'Send an access token or an API key, not both.'
    throw invalidField('header', '/Authorization', 'excluded', detail)
  }
  throw unauthenticated('Send one header: Authorization: Bearer <access token>.')
}

/** Returns a function that reads the claims of a valid token, or says why there are none. */
function createClaimsReader(verify: CallerSources['verify']) {
  const verified = new LRUCache<string, VerifiedClaims>({ max: MAX_VERIFIED })
  return (token: string): VerifiedClaims | 'expired' | 'invalid' => {
    const known = verified.get(token)
    if (known && known.exp * 1000 > Date.now()) {
      return known
    }
    if (!isCanonical(token)) {
      return 'invalid'
    }
    try {
      const claims = verify(token)
      verified.set(token, claims)
      return claims
    } catch (error) {
      return isExpired(error) ? 'expired' : 'invalid'
    }
  }
}

/** base64url has several spellings of the same bytes: of a token only one is valid. */
const isCanonical = (token: string): boolean =>
  token.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)

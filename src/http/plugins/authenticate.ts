import jwt, { type FastifyJWTOptions } from '@fastify/jwt'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { LRUCache } from 'lru-cache'
import type { Caller } from '../../core/context.ts'
import { invalidField, unauthenticated } from '../../core/problem.ts'
import type { Secrets } from '../../core/secrets.ts'
import { API_KEY_PREFIX } from '../../lib/api-key.ts'
import { hashToken } from '../../lib/token.ts'
import type { InvalidTokenLimit } from '../rate-limit/invalid-tokens.ts'
import type { ResolveCaller } from './guard.ts'

const TOKEN_TYPE = 'at+jwt'
const ISSUER = 'tasklane'
const AUDIENCE = 'tasklane-api'

/** What an access token says beside the registered claims. Authority never comes from it: the session is looked up. */
export interface AccessClaims {
  sub: string
  sid: string
  jti: string
  role: string
}
type VerifiedClaims = AccessClaims & { exp: number }

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: AccessClaims
    user: AccessClaims
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    /** What a token claims that we signed. Throws for any other, and for one that has expired. */
    verifyAccessToken: (token: string) => VerifiedClaims
  }
}

export interface JwtOptions {
  secrets: Secrets
  ttlSeconds: number
}

/** Signs and verifies access tokens: one algorithm, exact issuer, audience and type, every claim required (RFC 8725, RFC 9068). */
export const accessTokens = fp(
  async (app, { secrets: [current, ...accepted], ttlSeconds }: JwtOptions) => {
    const options: Omit<FastifyJWTOptions, 'secret'> = {
      sign: {
        algorithm: 'HS256',
        iss: ISSUER,
        aud: AUDIENCE,
        expiresIn: ttlSeconds,
        header: { alg: 'HS256', typ: TOKEN_TYPE }
      },
      // fast-jwt skips a check whose claim is absent, hence requiredClaims; its cache would outlive a changed secret.
      verify: {
        algorithms: ['HS256'],
        allowedIss: ISSUER,
        allowedAud: AUDIENCE,
        checkTyp: TOKEN_TYPE,
        maxAge: ttlSeconds,
        cache: false,
        requiredClaims: ['exp', 'iat', 'iss', 'aud', 'sub', 'sid', 'jti']
      }
    }
    await app.register(jwt, { secret: current, ...options })
    for (const [number, secret] of accepted.entries()) {
      await app.register(jwt, { secret, namespace: `accepted${number}`, ...options })
    }
    const signers = [
      app.jwt,
      ...accepted.map(
        (_, number) =>
          (app.jwt as unknown as Record<string, typeof app.jwt>)[
            `accepted${number}`
          ] as typeof app.jwt
      )
    ]
    app.decorate('verifyAccessToken', (token) => {
      let fault: unknown
      for (const signer of signers) {
        try {
          return signer.verify<VerifiedClaims>(token)
        } catch (error) {
          if (hasExpired(error)) {
            throw error
          }
          fault ??= error
        }
      }
      throw fault
    })
  }
)

/** Told only of tokens whose signature is right. */
const hasExpired = (error: unknown): boolean =>
  (error as { code?: string }).code === 'FAST_JWT_EXPIRED'

export type ResolveToken = (sessionId: string, userId: string) => Promise<Caller | undefined>

export type ResolveKey = (key: string) => Promise<Caller | undefined>

export interface CallerSources {
  verify: (token: string) => VerifiedClaims
  resolveToken: ResolveToken
  resolveKey: ResolveKey
  invalidTokens: InvalidTokenLimit
}

/** Keys that were good of late are looked up whatever comes from their address. */
const FAMILIAR_MS = 600_000
const MAX_FAMILIAR = 10_000
/** Tokens whose signature has been seen to be right. Of one process and one secret, so none outlives either. */
const MAX_VERIFIED = 10_000

/**
 * The caller behind `Authorization: Bearer`, an access token or an API key, checked against what the database knows now;
 * everything else is one 401. What was never ours is counted by address; a token that we signed is not, however old,
 * and neither it nor a key that we know is refused because of others behind the same address.
 */
export function createAuthenticator({
  verify,
  resolveToken,
  resolveKey,
  invalidTokens
}: CallerSources): ResolveCaller {
  const verified = new LRUCache<string, VerifiedClaims>({ max: MAX_VERIFIED })
  const claimsOf = (token: string) => {
    const seen = verified.get(token)
    if (seen && seen.exp * 1000 > Date.now()) {
      return seen
    }
    const claims = readClaims(token, verify)
    if (typeof claims !== 'string') {
      verified.set(token, claims)
    }
    return claims
  }
  const recentlyValid = new LRUCache<string, true>({ max: MAX_FAMILIAR, ttl: FAMILIAR_MS })
  return async (request, reply) => {
    const credential = readCredential(request)
    if (isKey(credential)) {
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
    const claims = claimsOf(credential)
    if (claims === 'foreign') {
      await invalidTokens.consume(request, reply)
    }
    if (typeof claims === 'string') {
      throw unauthenticated('The access token is not valid or has expired.')
    }
    const caller = await resolveToken(claims.sid, claims.sub)
    if (!caller) {
      throw unauthenticated('The session has ended. Log in again.')
    }
    return caller
  }
}

const isKey = (credential: string): boolean => credential.startsWith(API_KEY_PREFIX)

/** The one credential of a request. Of several headers Node keeps the first, and some clients join them with commas; which one a proxy looked at nobody knows. */
function readCredential({ raw: { rawHeaders } }: FastifyRequest): string {
  const sent = rawHeaders
    .filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'authorization')
    .flatMap((value) => value.split(','))
  const [first, ...others] = sent.map((value) => /^\s*bearer +([^\s]+)\s*$/i.exec(value)?.[1])
  if (first !== undefined && others.length === 0) {
    return first
  }
  const known = [first, ...others].filter((credential) => credential !== undefined)
  if (known.some(isKey) && !known.every(isKey)) {
    throw invalidField(
      'header',
      '/Authorization',
      'excluded',
      'Send an access token or an API key, not both.'
    )
  }
  throw unauthenticated('Send one header: Authorization: Bearer <access token>.')
}

/** What a token claims, if it is valid; if not, whether it is an old one of ours or was never any. */
function readClaims(
  token: string,
  verify: CallerSources['verify']
): VerifiedClaims | 'expired' | 'foreign' {
  // base64url has several spellings of the same bytes: a token has one.
  if (
    !token.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
  ) {
    return 'foreign'
  }
  try {
    return verify(token)
  } catch (error) {
    return hasExpired(error) ? 'expired' : 'foreign'
  }
}

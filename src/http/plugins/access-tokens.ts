import jwt, { type FastifyJWTOptions } from '@fastify/jwt'
import fp from 'fastify-plugin'
import type { Secrets } from '../../core/secrets.ts'
import { UUID } from '../../lib/uuid.ts'

const TOKEN_TYPE = 'at+jwt'
const ISSUER = 'tasklane'
const AUDIENCE = 'tasklane-api'
/** How far the clock of the instance that issued a token may be ahead. */
const MAX_CLOCK_SKEW_SECONDS = 30

/** The claims of an access token besides the registered ones. They grant nothing: the session is looked up. */
export interface AccessClaims {
  sub: string
  sid: string
  jti: string
  role: string
}
export type VerifiedClaims = AccessClaims & { iat: number; exp: number }

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: AccessClaims
    user: AccessClaims
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Returns the claims of a token that we signed. Throws for any other, and for one that has expired. */
    verifyAccessToken: (token: string) => VerifiedClaims
  }
}

export interface JwtOptions {
  secrets: Secrets
  ttlSeconds: number
}

/**
 * Signs and verifies access tokens: one algorithm, exact issuer, audience and type, every claim required (RFC 8725,
 * RFC 9068). The first secret signs, all of them verify.
 */
export const accessTokens = fp(
  async (app, { secrets: [current, ...accepted], ttlSeconds }: JwtOptions) => {
    const options = jwtOptions(ttlSeconds)
    await app.register(jwt, { secret: current, ...options })
    for (const [number, secret] of accepted.entries()) {
      await app.register(jwt, { secret, namespace: `accepted${number}`, ...options })
    }
    const namespaces = app.jwt as unknown as Record<string, typeof app.jwt>
    const verifiers = [app.jwt, ...accepted.map((_, number) => namespaces[`accepted${number}`])]
    app.decorate('verifyAccessToken', (token) => {
      let failure: unknown
      for (const verifier of verifiers) {
        try {
          if (verifier) {
            return checkClaims(verifier.verify<VerifiedClaims>(token))
          }
        } catch (error) {
          if (isExpired(error)) {
            throw error
          }
          failure ??= error
        }
      }
      throw failure
    })
  }
)

const jwtOptions = (ttlSeconds: number): Omit<FastifyJWTOptions, 'secret'> => ({
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
})

/** Throws for values that we never issue: fast-jwt asks that claims are present, not that they are filled in. */
function checkClaims(claims: VerifiedClaims): VerifiedClaims {
  const { sub, sid, jti, iat } = claims
  const hasIds = [sub, sid].every((id: unknown) => typeof id === 'string' && UUID.test(id))
  const hasTokenId = typeof jti === 'string' && jti !== ''
  if (!hasIds || !hasTokenId || iat > Date.now() / 1000 + MAX_CLOCK_SKEW_SECONDS) {
    throw new Error('a claim has a value that is never issued')
  }
  return claims
}

/** fast-jwt reports it only for tokens with a valid signature. */
export const isExpired = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'FAST_JWT_EXPIRED'

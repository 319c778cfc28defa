import jwt from '@fastify/jwt'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Caller } from '../core/caller.ts'
import { Problem } from '../core/problem.ts'
import type { ResolveCaller } from './guard.ts'

const TOKEN_TYPE = 'at+jwt'
const ISSUER = 'tasklane'
const AUDIENCE = 'tasklane-api'

/** What an access token says beside the registered claims. Authority never comes from it: the session is looked up. */
export interface AccessClaims { sub: string, sid: string, jti: string, role: string }

declare module '@fastify/jwt' {
  interface FastifyJWT { payload: AccessClaims, user: AccessClaims }
}

export interface JwtOptions { secret: string, ttlSeconds: number }

/** Signs and verifies access tokens: one algorithm, exact issuer, audience and type, every claim required (RFC 8725, RFC 9068). */
export const accessTokens = fp(async (app, { secret, ttlSeconds }: JwtOptions) => {
  await app.register(jwt, {
    secret,
    sign: { algorithm: 'HS256', iss: ISSUER, aud: AUDIENCE, expiresIn: ttlSeconds, header: { alg: 'HS256', typ: TOKEN_TYPE } },
    // fast-jwt skips a check whose claim is absent, hence requiredClaims; its cache would outlive a changed secret.
    verify: {
      algorithms: ['HS256'], allowedIss: ISSUER, allowedAud: AUDIENCE, checkTyp: TOKEN_TYPE, maxAge: ttlSeconds * 1000, cache: false,
      requiredClaims: ['exp', 'iat', 'iss', 'aud', 'sub', 'sid', 'jti']
    }
  })
})

export type ResolveToken = (sessionId: string, userId: string) => Promise<Caller | undefined>

/** The caller behind `Authorization: Bearer`, checked against session and user; everything else is one 401. */
export function bearerCaller (verify: (token: string) => AccessClaims, resolveToken: ResolveToken): ResolveCaller {
  return async (request) => {
    const claims = readClaims(request, verify)
    const caller = await resolveToken(claims.sid, claims.sub)
    if (!caller) throw unauthenticated('The session has ended. Log in again.')
    return caller
  }
}

function readClaims (request: FastifyRequest, verify: (token: string) => AccessClaims): AccessClaims {
  const token = /^bearer +([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (!token || isRepeated(request.raw.rawHeaders)) throw unauthenticated('Send one header: Authorization: Bearer <access token>.')
  try {
    return verify(token)
  } catch {
    throw unauthenticated('The access token is not valid or has expired.')
  }
}

/** Node keeps the first of several; which one a proxy looked at nobody knows. */
function isRepeated (rawHeaders: string[]): boolean {
  return rawHeaders.filter((name, i) => i % 2 === 0 && name.length === 13 && name.toLowerCase() === 'authorization').length > 1
}

function unauthenticated (detail: string): Problem {
  return new Problem('unauthenticated', { detail, headers: { 'www-authenticate': 'Bearer' } })
}

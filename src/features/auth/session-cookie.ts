import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config.ts'
import { basePathOf } from '../../http/base-path.ts'

/** Below the path of the console, and of nothing else: no other request carries the cookie. */
export const COOKIE_PATH = '/app/session'
const NAME = 'tasklane-session'
/** As refresh tokens are written. */
const TOKEN = /^[A-Za-z0-9_-]{1,200}$/
/** As many as a log-out looks at. */
const MAX_COOKIES = 20

export interface SessionCookie {
  /** Writes a refresh token where scripts cannot read it and other websites cannot make the browser send it. */
  set(request: FastifyRequest, reply: FastifyReply, refreshToken: string): void
  /** Makes the browser forget the cookie. */
  clear(request: FastifyRequest, reply: FastifyReply): void
  /**
   * Returns the refresh token in the cookie. Of two cookies of its name another host of the domain has set one, and
   * nobody knows which: then there is none.
   */
  read(request: FastifyRequest): string | undefined
  /** Returns the refresh tokens in all cookies of the name: a log-out ends the session of each. */
  readAll(request: FastifyRequest): string[]
}

/** Creates the cookie of the console, `Secure` where the browser speaks HTTPS with us or with a trusted proxy. */
export function createSessionCookie(
  config: Pick<Config, 'PUBLIC_URL' | 'REFRESH_TOKEN_TTL'>
): SessionCookie {
  const path = basePathOf(config) + COOKIE_PATH
  const isPublicSecure = config.PUBLIC_URL?.startsWith('https:') === true
  const isSecure = ({ protocol }: FastifyRequest) => isPublicSecure || protocol === 'https'
  // What is not served over HTTPS can set no cookie of this prefix, not even for its own host (RFC 6265bis).
  const nameFor = (request: FastifyRequest) => (isSecure(request) ? `__Secure-${NAME}` : NAME)

  const write = (request: FastifyRequest, reply: FastifyReply, value: string, maxAge: number) => {
    const secure = isSecure(request) ? '; Secure' : ''
    const attributes = `Path=${path}; Max-Age=${maxAge}; HttpOnly${secure}; SameSite=Strict`
    reply.header('set-cookie', `${nameFor(request)}=${value}; ${attributes}`)
  }
  const valuesIn = (request: FastifyRequest) => {
    const prefix = `${nameFor(request)}=`
    return (request.headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(prefix))
      .map((pair) => pair.slice(prefix.length))
  }
  return {
    set: (request, reply, refreshToken) =>
      write(request, reply, refreshToken, config.REFRESH_TOKEN_TTL),
    clear: (request, reply) => write(request, reply, '', 0),
    read(request) {
      const [value, ...others] = valuesIn(request)
      return value !== undefined && others.length === 0 && TOKEN.test(value) ? value : undefined
    },
    readAll: (request) =>
      valuesIn(request)
        .filter((value) => TOKEN.test(value))
        .slice(0, MAX_COOKIES)
  }
}

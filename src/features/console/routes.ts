import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { sendWithEtag } from '../../http/etag.ts'
import type { App } from '../../http/server.ts'
import { type ConsoleFile, readConsole } from './files.ts'

/**
 * Allows only scripts, styles and calls of this server: no inline code, no frames, no native form submission, and no
 * markup made from text (trusted types without any policy).
 */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'"
].join('; ')
const HEADERS = { 'content-security-policy': CSP, 'cross-origin-opener-policy': 'same-origin' }
/** What a browser can open as a document. To other files these headers mean nothing. */
const DOCUMENT = /^(?:text\/html|image\/svg)/

const IMMUTABLE = 'public, max-age=31536000, immutable'
/** Cached, but revalidated each time. */
const REVALIDATED = 'no-cache'

const hidden = { allow: 'anyone' } as const
const AssetParams = Type.Object(
  { version: Type.String({ maxLength: 64 }), '*': Type.String({ maxLength: 200 }) },
  { additionalProperties: false }
)

/** Serves the console under /app/: a page that uses the public API like any other client. */
export async function consoleRoutes(app: App, { config }: Pick<Deps, 'config'>) {
  if (!config.CONSOLE_ENABLED) {
    return
  }
  const { page, version, assets } = readConsole(config)

  app.get('/', { config: hidden, schema: { hide: true } }, async (request, reply) => {
    if (!request.url.startsWith('/app/')) {
      return reply.redirect('/app/', 308)
    }
    return sendFile(request, reply.header('cache-control', REVALIDATED), page)
  })

  // During a rolling update, a page of another version gets this version's files rather than none.
  app.get(
    '/:version/*',
    { config: hidden, schema: { hide: true, params: AssetParams } },
    async (request, reply) => {
      const file = assets.get(request.params['*'])
      if (!file) {
        throw new Problem('not_found')
      }
      reply.header('cache-control', request.params.version === version ? IMMUTABLE : REVALIDATED)
      return sendFile(request, reply, file)
    }
  )
}

/** Sends a file compressed to whoever takes that. */
function sendFile(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile) {
  const accepted = request.headers['accept-encoding'] ?? ''
  const compressed = ACCEPTS_GZIP.test(accepted) ? file.compressed?.() : undefined
  const vary = [reply.getHeader('vary'), 'accept-encoding'].filter(Boolean).join(', ')
  reply.headers({ ...(DOCUMENT.test(file.type) && HEADERS), vary }).type(file.type)
  if (compressed) {
    reply.header('content-encoding', 'gzip')
  }
  const { etag, body } = compressed ?? file
  return sendWithEtag(request, reply, etag, body)
}

/** RFC 9110, 12.5.3: not where its weight is 0. */
const ACCEPTS_GZIP = /(?:^|,)\s*(?:gzip|\*)\s*(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))(?:;|,|$)/i

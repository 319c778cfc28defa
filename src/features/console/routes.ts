import { Type } from '@sinclair/typebox'
import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { sendWithEtag } from '../../http/etag.ts'
import type { App } from '../../http/server.ts'
import { readConsole } from './files.ts'

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
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'"
].join('; ')
const HEADERS = { 'content-security-policy': CSP, 'cross-origin-opener-policy': 'same-origin' }

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
    reply.headers(HEADERS).header('cache-control', REVALIDATED).type(page.type)
    return sendWithEtag(request, reply, page.etag, page.body)
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
      reply
        .headers(HEADERS)
        .header('cache-control', request.params.version === version ? IMMUTABLE : REVALIDATED)
        .type(file.type)
      return sendWithEtag(request, reply, file.etag, file.body)
    }
  )
}

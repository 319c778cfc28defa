import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../../core/problem.ts'
import { pathOf } from '../error-handler.ts'
import { hookOf } from '../hooks.ts'
import { createKnownPaths } from '../known-paths.ts'
import type { ForeignPaths } from '../route-hints.ts'

/**
 * Responds with 404 to unknown paths, naming the operation that was probably meant, and with 405 and `Allow` to
 * unsupported methods of known ones (RFC 9110, section 15.5.6).
 */
export const notFound = fp(async (app, { foreignPaths }: { foreignPaths: ForeignPaths }) => {
  const known = createKnownPaths(foreignPaths)
  app.addHook('onRoute', ({ url, method }) => known.add(url, method))
  app.addHook('onReady', async () => known.complete())

  const problemOf = ({ url, method }: FastifyRequest): Problem => {
    const path = pathOf(url)
    const methods = known.methodsOf(path)
    if (!methods || methods.has(method)) {
      const hint = known.hintFor(method, path)
      if (hint === undefined) {
        return new Problem('not_found')
      }
      const [operation, target] = hint
      return new Problem('not_found', {
        detail: `Not found. Did you mean ${operation} ${app.basePath}${target}?`
      })
    }
    return new Problem('method_not_allowed', { headers: { allow: [...methods].sort().join(', ') } })
  }
  // In a hook, so that a body that no handler will read is not parsed.
  app.addHook(
    'onRequest',
    hookOf((request) => {
      const path = pathOf(request.url)
      if (request.method === 'DELETE' && known.mayHaveEmptyId(path)) {
        throw new Problem('not_found')
      }
      if (request.is404 || known.isShadowed(request.method, path)) {
        throw problemOf(request)
      }
    })
  )
  app.setNotFoundHandler((request) => {
    throw problemOf(request)
  })
})

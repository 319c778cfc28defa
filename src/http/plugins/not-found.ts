import type { FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { HTTPMethod } from 'find-my-way'
import findMyWay from 'find-my-way'
import { Problem } from '../../core/problem.ts'
import { pathOf } from '../error-handler.ts'
import { routeHints } from '../route-hints.ts'

const IS_ENTRY = /\/:[^/]+$/
/** The path up to its last slash, with it. */
const parentOf = (url: string): string => url.slice(0, url.lastIndexOf('/') + 1)

/**
 * Responds with 404 to unknown paths, naming the operation that was probably meant, and with 405 and `Allow` to
 * unsupported methods of known ones (RFC 9110, section 15.5.6).
 */
export const notFound = fp(async (app) => {
  const methodsByUrl = new Map<string, Set<string>>()
  /** Lists whose entries can be deleted: `DELETE /tasks/` is one task whose id is empty, not all of them. */
  const parentsOfDeletable = new Set<string>()
  const parents = new Set<string>()
  app.addHook('onRoute', ({ url, method }: RouteOptions) => {
    const methods = methodsByUrl.get(url) ?? new Set()
    for (const m of [method].flat()) {
      methods.add(m)
    }
    methodsByUrl.set(url, methods)
    if (IS_ENTRY.test(url)) {
      parents.add(parentOf(url))
      if (methods.has('DELETE')) {
        parentsOfDeletable.add(parentOf(url))
      }
    }
  })

  /** Paths that a parameter of another route would match, such as /task-imports/preview, with their methods. */
  const shadowing = new Map<string, Set<string>>()
  let hintFor: ReturnType<typeof routeHints> = () => undefined
  const paths = findMyWay<findMyWay.HTTPVersion.V1>({ ignoreTrailingSlash: true })
  app.addHook('onReady', async () => {
    for (const [url, methods] of methodsByUrl) {
      if (url !== '*') {
        paths.on('GET' as HTTPMethod, url, () => {}, methods)
      }
    }
    for (const [url, methods] of methodsByUrl) {
      if (!url.includes(':') && parents.has(parentOf(url))) {
        shadowing.set(url, methods)
      }
    }
    hintFor = routeHints(
      new Map([...methodsByUrl].map(([url, methods]) => [url.replace(/:(\w+)/g, '{$1}'), methods]))
    )
  })

  const problemOf = ({ url, method }: FastifyRequest): Problem => {
    const methods: Set<string> | undefined = paths.find('GET', pathOf(url))?.store
    if (!methods || methods.has(method)) {
      const hint = hintFor(method, pathOf(url))
      return new Problem('not_found', hint ? { detail: `Not found. Did you mean ${hint}?` } : {})
    }
    return new Problem('method_not_allowed', { headers: { allow: [...methods].sort().join(', ') } })
  }
  // In a hook, so that a body that no handler will read is not parsed.
  app.addHook('onRequest', async (request) => {
    if (request.method === 'DELETE' && parentsOfDeletable.has(pathOf(request.url))) {
      throw new Problem('not_found')
    }
    const methods = shadowing.get(pathOf(request.url))
    const isShadowed = methods && !methods.has(request.method) && request.method !== 'OPTIONS'
    if (request.is404 || isShadowed) {
      throw problemOf(request)
    }
  })
  app.setNotFoundHandler((request) => {
    throw problemOf(request)
  })
})

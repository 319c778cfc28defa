import type { FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { HTTPMethod } from 'find-my-way'
import findMyWay from 'find-my-way'
import { Problem } from '../../core/problem.ts'
import { pathOf } from '../error-handler.ts'

/** 404 for paths that name nothing, 405 with `Allow` for paths that do not know the method (RFC 9110, section 15.5.6). */
export const notFound = fp(async (app) => {
  const methodsByUrl = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }: RouteOptions) => {
    const methods = methodsByUrl.get(url) ?? new Set()
    for (const m of [method].flat()) {
      methods.add(m)
    }
    methodsByUrl.set(url, methods)
  })

  const paths = findMyWay<findMyWay.HTTPVersion.V1>({ ignoreTrailingSlash: true })
  app.addHook('onReady', async () => {
    for (const [url, methods] of methodsByUrl) {
      if (url !== '*') {
        paths.on('GET' as HTTPMethod, url, () => {}, methods)
      }
    }
  })

  const refusal = ({ url, method }: FastifyRequest): Problem => {
    const methods = paths.find('GET', pathOf(url))?.store as Set<string> | undefined
    if (!methods || methods.has(method)) {
      return new Problem('not_found')
    }
    return new Problem('method_not_allowed', { headers: { allow: [...methods].sort().join(', ') } })
  }
  // In a hook, so that a body that nobody will read is not parsed either.
  app.addHook('onRequest', async (request) => {
    if (request.is404) {
      throw refusal(request)
    }
  })
  app.setNotFoundHandler((request) => {
    throw refusal(request)
  })
})

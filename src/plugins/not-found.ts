import findMyWay from 'find-my-way'
import type { HTTPMethod } from 'find-my-way'
import type { RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../core/problem.ts'
import { pathOf } from './problems.ts'

/** 404 for paths that name nothing, 405 with `Allow` for paths that do not know the method (RFC 9110, section 15.5.6). */
export const notFound = fp(async (app) => {
  const methodsByUrl = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }: RouteOptions) => {
    const methods = methodsByUrl.get(url) ?? new Set()
    for (const m of [method].flat()) methods.add(m)
    methodsByUrl.set(url, methods)
  })

  const paths = findMyWay<findMyWay.HTTPVersion.V1>({ ignoreTrailingSlash: true })
  app.addHook('onReady', async () => {
    for (const [url, methods] of methodsByUrl) {
      if (url !== '*') paths.on('GET' as HTTPMethod, url, () => {}, methods)
    }
  })

  app.setNotFoundHandler((request) => {
    const methods = paths.find('GET', pathOf(request.url))?.store as Set<string> | undefined
    if (!methods || methods.has(request.method)) throw new Problem('not_found')
    throw new Problem('method_not_allowed', { headers: { allow: [...methods].sort().join(', ') } })
  })
})

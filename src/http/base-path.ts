import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import { PLACEHOLDER_URL, problemType } from '../core/problem.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The path of PUBLIC_URL; empty for an installation with a host of its own. */
    basePath: string
    /**
     * PUBLIC_URL, or else the URL that we listen on. Never a request's Host: the first caller would choose it for
     * everyone.
     */
    publicUrl: string
  }
}

/** Returns the path under which callers reach this installation, such as `/tasks`; empty where PUBLIC_URL has none. */
export const basePathOf = ({ PUBLIC_URL }: Pick<Config, 'PUBLIC_URL'>): string =>
  URL.parse(PUBLIC_URL ?? '')?.pathname.replace(/\/$/, '') ?? ''

/** Removes the base path from a URL, which some proxies do and some do not. */
export function withoutBasePath(url: string, basePath: string): string {
  const rest = url.startsWith(basePath) ? url.slice(basePath.length) : url
  if (rest.startsWith('/')) {
    return rest
  }
  return rest === '' || rest.startsWith('?') ? `/${rest}` : url
}

const listeningUrl = (app: FastifyInstance): string | undefined =>
  app.addresses().length > 0
    ? app.listeningOrigin.replace(/\/\/(0\.0\.0\.0|\[::\]):/, '//localhost:')
    : undefined

/** Adds the base path to the paths in headers, which handlers write as if there were none. */
export const basePath = fp(async (app, { config }: { config: Config }) => {
  const base = basePathOf(config)
  app.decorate('basePath', base)
  let publicUrl = config.PUBLIC_URL
  app.decorate('publicUrl', {
    getter() {
      publicUrl ??= listeningUrl(app)
      return publicUrl ?? PLACEHOLDER_URL
    }
  })
  if (base === '') {
    return
  }
  app.addHook('onSend', async (_request, reply) => {
    const { location, link } = reply.getHeaders()
    if (String(location).startsWith('/')) {
      reply.header('location', base + location)
    }
    if (link !== undefined) {
      reply.header('link', String(link).replaceAll('</', `<${base}/`))
    }
  })
})

/** Completes a problem that was made away from its request, as in a job: its links lead to this installation. */
export const withLinks = <T extends { code: string; instance: string }>(
  { basePath, publicUrl }: Pick<FastifyInstance, 'basePath' | 'publicUrl'>,
  problem: T
): T => ({
  ...problem,
  type: problemType(problem.code, publicUrl),
  instance: basePath + problem.instance
})

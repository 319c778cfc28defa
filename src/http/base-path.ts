import fp from 'fastify-plugin'
import type { Config } from '../config.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The path of PUBLIC_URL; empty for an installation with a host of its own. */
    basePath: string
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

/** Adds the base path to the paths in headers, which handlers write as if there were none. */
export const basePath = fp(async (app, { config }: { config: Config }) => {
  const base = basePathOf(config)
  app.decorate('basePath', base)
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

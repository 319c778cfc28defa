import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** What a proxy does with the path that it is configured for. */
export type PathHandling = 'strips' | 'keeps'

/**
 * Starts a reverse proxy of a site that has Tasklane under a path and something else everywhere else. `forwardTo` says
 * where Tasklane listens.
 */
export async function startReverseProxy(t: Test, path: string, how: PathHandling) {
  let port = 0
  const server = createServer((incoming, response) => {
    const url = incoming.url ?? '/'
    const rest = url.slice(path.length)
    if (!url.startsWith(path) || !/^([/?]|$)/.test(rest)) {
      response.writeHead(404).end('another site')
      return
    }
    const stripped = rest.startsWith('/') ? rest : `/${rest}`
    const { method, headers } = incoming
    const options = { host: '127.0.0.1', port, method, headers }
    const forwarded = request({ ...options, path: how === 'strips' ? stripped : url }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    incoming.pipe(forwarded)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    url: origin + path,
    forwardTo: (target: number) => {
      port = target
    }
  }
}

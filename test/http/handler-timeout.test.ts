import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { FastifyReply } from 'fastify'
import t from 'tap'
import { composeFeatures } from '../../src/features.ts'
import { hiddenRoutes } from '../support/hidden-routes.ts'
import { createTestApp } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Routes whose handlers never end. */
const endless = hiddenRoutes('/endless', async (app) => {
  const options = {
    handlerTimeout: 500,
    config: { allow: 'anyone' },
    schema: { hide: true }
  } as const
  const never = () => new Promise(() => {})
  app.get('/', options, never)
  app.post('/', options, never)
})

t.test(
  'a handler that takes too long is a 503, whether the request has a body or not',
  async (t) => {
    const { app } = await createTestApp(t, { features: [...composeFeatures(), endless] })
    const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/endless`
    const late = {
      status: 503,
      code: 'unavailable',
      detail: 'The request took too long. Try again.'
    }
    const headers = { 'content-type': 'application/json', connection: 'close' }
    for (const init of [{}, { method: 'POST' }, { method: 'POST', body: '{}' }]) {
      const response = await fetch(url, { headers, ...init })
      t.equal(response.headers.get('retry-after'), '1')
      t.match(await response.json(), late, JSON.stringify(init))
    }
  }
)

t.test(
  'a request that its caller breaks off is kept no longer, whatever its time-out',
  async (t) => {
    let kept: WeakRef<FastifyReply> | undefined
    const patient = hiddenRoutes('/patient', async (app) => {
      const options = {
        handlerTimeout: 86_400_000,
        config: { allow: 'anyone' },
        schema: { hide: true }
      } as const
      app.post('/', options, (_request, reply) => {
        kept = new WeakRef(reply)
        reply.hijack()
        reply.raw.write('begun')
      })
    })
    const { app } = await createTestApp(t, { features: [...composeFeatures(), patient] })
    const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/patient`
    const request = httpRequest(url, { method: 'POST' })
    request.end()
    const [response] = await once(request, 'response')
    response.destroy()
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    await waitUntil('the collection of the reply', () => {
      collect()
      return kept !== undefined && kept.deref() === undefined
    })
  }
)

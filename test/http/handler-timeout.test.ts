import t from 'tap'
import { type AppFeature, composeFeatures } from '../../src/features.ts'
import { createTestApp } from '../support/test-app.ts'

/** Routes whose handlers never end. */
const endless: AppFeature = {
  tags: [],
  schemas: [],
  routes: [
    {
      prefix: '/endless',
      isRoot: true,
      plugin: async (app) => {
        const options = {
          handlerTimeout: 500,
          config: { allow: 'anyone' },
          schema: { hide: true }
        } as const
        const never = () => new Promise(() => {})
        app.get('/', options, never)
        app.post('/', options, never)
      }
    }
  ]
}

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

import t from 'tap'
import { composeFeatures, FEATURES } from '../../src/features.ts'
import { createTestApp } from '../support/test-app.ts'
import { greetings } from './toy-feature/feature.ts'

const features = composeFeatures([...FEATURES, greetings])
const { app, signUp } = await createTestApp(t, { features, env: { RATE_LIMIT: 'on' } })
const ann = await signUp('user', 'ann')
const inOneDay = new Date(Date.now() + 86_400_000).toISOString()
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const greet = (token: string, payload: object) =>
  app.inject({
    method: 'POST',
    url: '/api/v1/greetings',
    headers: bearer(token),
    payload
  })

t.test(
  'a feature appears in the contract with its operation, schemas, tag and scope',
  async (t) => {
    const { paths, components, ...contract } = app.contract()
    t.match(JSON.stringify(contract), '{"name":"Greetings","description":"Say hello."}')
    t.match(paths['/api/v1/greetings'], {
      post: { operationId: 'createGreeting', tags: ['Greetings'], description: /`greetings:write`/ }
    })
    t.match(components.schemas, {
      Greeting: { type: 'object' },
      GreetingCreate: { type: 'object' }
    })
    t.match(JSON.stringify(components.schemas.ApiKeyScope), 'greetings:write')
    t.match(JSON.stringify(components.schemas), 'greeting.created')
  }
)

t.test(
  'its operation is served, with the validation and documentation of its schemas',
  async (t) => {
    const response = await greet(ann.access_token, { name: 'bob' })
    t.match(response, { statusCode: 200, headers: { 'ratelimit-policy': '"default";q=10;w=60' } })
    t.strictSame(response.json(), { text: 'Hello, bob', from: 'ann' })
    t.match((await greet(ann.access_token, { nmae: 'bob' })).json(), {
      status: 400,
      errors: [{}, { detail: 'nmae is unknown; did you mean name?' }]
    })
  }
)

t.test('an API key needs its scope', async (t) => {
  const createKey = async (scopes: string[]) => {
    const response = await app.inject({
      method: 'POST',
      url: '/api/v1/me/api-keys',
      headers: bearer(ann.access_token),
      payload: { name: `for ${scopes}`, scopes, expires_at: inOneDay }
    })
    t.equal(response.statusCode, 201, response.body)
    return response.json<{ key: string }>().key
  }
  t.equal((await greet(await createKey(['greetings:write']), { name: 'eve' })).statusCode, 200)
  t.match((await greet(await createKey(['tasks:read']), { name: 'eve' })).json(), {
    code: 'missing_scope'
  })
})

t.test('a response that is too large to store is named by its replay, not repeated', async (t) => {
  const greetTwice = async (times: number) => {
    const send = () =>
      app.inject({
        method: 'POST',
        url: '/api/v1/greetings',
        headers: { ...bearer(ann.access_token), 'idempotency-key': `greet ${times} times` },
        payload: { name: 'bob', times }
      })
    return [await send(), await send()] as const
  }
  const [small, again] = await greetTwice(4000)
  t.ok(small.body.length < 65_536)
  t.strictSame([again.statusCode, again.body], [200, small.body])
  const [large, refused] = await greetTwice(8000)
  t.equal(large.statusCode, 200)
  t.ok(large.body.length > 65_536)
  t.match(refused.json(), { status: 409, code: 'response_not_stored' })
})

import { pino } from 'pino'
import t, { type Test } from 'tap'
import { readConfig } from '../../src/config.ts'
import type { Caller } from '../../src/core/context.ts'
import { guard } from '../../src/http/plugins/guard.ts'
import { createApp } from '../../src/http/server.ts'
import { createTestApp } from '../support/test-app.ts'

const { app, request, signUp } = await createTestApp(t)

/** An app with the guard and nothing else. */
async function bare(t: Test) {
  const empty = createApp(readConfig({ NODE_ENV: 'test' }), pino({ level: 'silent' }))
  t.teardown(() => empty.close())
  await empty.register(guard, {
    resolveCaller: async () => ({}) as Caller,
    needsVerified: false,
    limitUser: async () => {}
  })
  return empty
}

t.test('a route that does not say who it allows stops the boot and is named', async (t) => {
  const empty = await bare(t)
  t.throws(() => empty.get('/forgotten', async () => 'everything'), {
    message: 'GET /forgotten does not say who it allows'
  })
  t.throws(() => empty.get('/half', { config: {} }, async () => 'everything'), {
    message: /\/half does not say/
  })
})

t.test('a route without a guard inside a plugin stops the boot as well', async (t) => {
  const empty = await bare(t)
  await t.rejects(
    async () => {
      await empty.register(
        async (plugin) => {
          plugin.post('/deep', async () => 'everything')
        },
        { prefix: '/plugin' }
      )
      await empty.ready()
    },
    { message: 'POST /plugin/deep does not say who it allows' }
  )
})

t.test(
  'every operation that is not public rejects callers without credentials before anything else',
  async (t) => {
    await app.ready()
    const contract = app.contract()
    let guarded = 0
    for (const [path, methods] of Object.entries(contract.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (operation.security?.length === 0) {
          continue
        }
        guarded++
        const url = path.replace(/\{[^}]+\}/g, 'x')
        const answer = await request({
          method: method.toUpperCase() as 'GET',
          url,
          payload: '{"half":',
          headers: { 'content-type': 'application/json' }
        })
        t.match(
          answer,
          { statusCode: 401, headers: { 'www-authenticate': 'Bearer' } },
          `${method} ${path}`
        )
        t.equal(answer.json().code, 'unauthenticated')
      }
    }
    t.ok(guarded > 5)
  }
)

t.test('HEAD is guarded like GET and returns nothing more', async (t) => {
  const ann = await signUp()
  const eve = await signUp()
  const task = await ann.create({ title: 'Paint the door' })
  const head = (url: string, token?: string) =>
    app.inject({
      method: 'HEAD',
      url,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` }
    })
  const own = `/api/v1/tasks/${task.id}`
  t.match(await head(own), { statusCode: 401, body: '' })
  t.match(await head(own, eve.access_token), { statusCode: 404, body: '' })
  t.match(await head('/api/v1/admin/users', eve.access_token), { statusCode: 403, body: '' })
  t.match(await head(own, ann.access_token), {
    statusCode: 200,
    body: '',
    headers: { etag: '"1"' }
  })
  t.match(await head('/api/v1/tasks', ann.access_token), { statusCode: 200, body: '' })
})

t.test('credentials are accepted in one place only', async (t) => {
  const ann = await signUp()
  const elsewhere = [
    { url: `/api/v1/me?access_token=${ann.access_token}` },
    {
      url: '/api/v1/me',
      headers: { cookie: `access_token=${ann.access_token}; token=${ann.access_token}` }
    },
    { url: '/api/v1/me', headers: { 'x-access-token': ann.access_token } },
    { url: '/api/v1/me', headers: { authorization: ann.access_token } },
    { url: '/api/v1/me', headers: { authorization: `Token ${ann.access_token}` } },
    {
      url: '/api/v1/me',
      headers: { authorization: `Bearer ${ann.access_token}, Bearer ${ann.access_token}` }
    }
  ]
  for (const place of elsewhere) {
    t.equal((await request(place)).statusCode, 401, JSON.stringify(place).slice(0, 60))
  }
  t.equal(
    (await request({ url: '/api/v1/me', headers: { authorization: `bearer ${ann.access_token}` } }))
      .statusCode,
    200,
    "the scheme's name has no case"
  )
})

t.test('public operations do not look at credentials', async (t) => {
  await signUp('user', 'ann')
  const answer = await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { username: 'ann', password: 'correct horse battery' },
    headers: { authorization: 'Bearer nonsense' }
  })
  t.equal(answer.statusCode, 200)
})

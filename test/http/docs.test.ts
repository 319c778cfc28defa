import t from 'tap'
import { createTestApp } from '../support/test-app.ts'

const PRODUCTION = {
  NODE_ENV: 'production',
  JWT_SECRET: '0123456789abcdef0123456789abcdefXYZ',
  DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  EMAIL_ENABLED: 'off'
}

const { app, signUp } = await createTestApp(t, { env: { DOCS_ENABLED: 'on' } })

t.test('the documentation is served with everything it needs from this server', async (t) => {
  for (const url of ['/docs', '/docs/']) {
    const page = await app.inject(url)
    t.match(page, { statusCode: 200, headers: { 'content-type': /^text\/html/ } })
    const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, asset]) => asset as string
    )
    t.ok(assets.length >= 6, 'styles, scripts and icons')
    for (const asset of assets) {
      t.equal(
        (await app.inject(new URL(asset, 'http://local/docs/').pathname)).statusCode,
        200,
        asset
      )
    }
    t.notMatch(
      page.body,
      /https?:\/\/|<script(?![^>]*src=)|\son\w+=|style=/i,
      'nothing from elsewhere, nothing inline'
    )
  }
})

t.test(
  'the documentation is as wide as a telephone, and dark where the reader’s system is',
  async (t) => {
    const page = await app.inject('/docs')
    t.match(page.body, /<meta name="viewport" content="width=device-width, initial-scale=1">/)
    t.match((await app.inject('/docs/static/theme/page.js')).body, 'prefers-color-scheme: dark')
    t.match((await app.inject('/docs/static/theme/page.css')).body, '@media (max-width: 640px)')
    t.notMatch((await app.inject('/docs/json')).body, 'viewport', 'only the page is changed')
    t.match((await app.inject('/docs/static/oauth2-redirect.html')).body, /^<!doctype html>/i)
  }
)

t.test('the document begins with a guide, and goes on with signing up', async (t) => {
  const { info, paths, tags } = (await app.inject('/openapi.json')).json()
  t.strictSame(
    [...info.description.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading),
    ['Start', 'Requests', 'Pages', 'Versions', 'Repeated requests', 'Limits', 'Errors']
  )
  for (const [, method = '', path = ''] of info.description.matchAll(/`([A-Z]+) (\/api[^`]+)`/g)) {
    t.ok(paths[path]?.[method.toLowerCase()], `${method} ${path}`)
  }
  const order = Object.keys(paths)
  t.equal(order[0], '/api/v1/auth/register')
  t.ok(order.indexOf('/api/v1/tasks') < order.findIndex((path) => path.includes('/admin/')))
  t.equal(tags[0].name, 'Auth')
  t.strictSame(Object.keys(paths['/api/v1/tasks']), ['post', 'get', 'delete'])
  t.notMatch(JSON.stringify([info.contact, info.license]), '.example')
})

t.test("the documentation's policy allows this server and nothing else", async (t) => {
  const policy = String((await app.inject('/docs')).headers['content-security-policy'])
  t.match(policy, /default-src 'none'/)
  t.match(policy, /script-src 'self';/)
  t.match(policy, /frame-ancestors 'none'/)
  t.notMatch(policy, /https?:|unsafe-eval|validator|upgrade-insecure|\*/)
})

t.test(
  'Authorize takes username and password by a flow that the published contract does not have',
  async (t) => {
    const shown = (await app.inject('/docs/json')).json()
    t.match(shown.components.securitySchemes.password, {
      type: 'oauth2',
      flows: { password: { tokenUrl: '/api/v1/auth/token' } }
    })
    t.strictSame(shown.security, [{ password: [] }, { bearerAuth: [] }])
    t.strictSame(
      shown.servers.map(({ url }: { url: string }) => url),
      ['/']
    )
    t.notMatch((await app.inject('/openapi.json')).body, /oauth2/)
  }
)

t.test('the form that Authorize sends logs in: empty client, empty scope and all', async (t) => {
  await signUp('user', 'ann')
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/auth/token',
    payload: 'grant_type=password&username=ann&password=correct%20horse%20battery&scope=',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: 'Basic Og==',
      accept: 'application/json, text/plain, */*',
      'x-requested-with': 'XMLHttpRequest'
    }
  })
  t.match(answer, { statusCode: 200 })
  t.equal(answer.json().token_type, 'Bearer')
})

t.test(
  "assets cannot be left for the disk around them, and a bad range of one is the caller's fault",
  async (t) => {
    for (const path of [
      '..%2f..%2fpackage.json',
      '%2e%2e/%2e%2e/package.json',
      '..%5cpackage.json',
      '.hidden',
      'nothing.js',
      '%2fetc%2fpasswd'
    ]) {
      t.equal((await app.inject(`/docs/static/${path}`)).statusCode, 404, path)
    }
    t.match(
      await app.inject({
        url: '/docs/static/swagger-ui.css',
        headers: { range: 'bytes=999999999-' }
      }),
      { statusCode: 400, headers: { 'content-type': /^application\/problem\+json/ } }
    )
    t.equal(
      (await app.inject({ url: '/docs/static/swagger-ui.css', headers: { 'if-match': '"x"' } }))
        .statusCode,
      400
    )
  }
)

t.test('the documentation is off in production unless it is asked for', async (t) => {
  const { app: live } = await createTestApp(t, { env: { ...PRODUCTION, DOCS_ENABLED: '' } })
  for (const url of ['/docs', '/docs/', '/docs/json', '/docs/static/swagger-ui.css']) {
    t.equal((await live.inject(url)).statusCode, 404, url)
  }
  t.equal((await live.inject('/openapi.json')).statusCode, 200, 'the contract is for everybody')
})

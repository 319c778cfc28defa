import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { emailsTo } from '../support/emails.ts'
import { type PathHandling, startReverseProxy } from '../support/reverse-proxy.ts'
import { createTestApp, PASSWORD } from '../support/test-app.ts'

const BASE = '/office/tasks'

/** Starts the app as a part of a site, behind a proxy that strips or keeps its path. */
async function startSite(t: Test, how: PathHandling) {
  const { origin, url, forwardTo } = await startReverseProxy(t, BASE, how)
  const testApp = await createTestApp(t, {
    env: { PUBLIC_URL: `${url}/`, TRUST_PROXY: '127.0.0.0/8', DOCS_ENABLED: 'on' }
  })
  await testApp.app.listen({ host: '127.0.0.1', port: 0 })
  forwardTo((testApp.app.server.address() as AddressInfo).port)
  const call = async (
    path: string,
    options: RequestInit & { token?: string; json?: object } = {}
  ) => {
    const { token, json, ...rest } = options
    const response = await fetch(new URL(path, origin), {
      redirect: 'manual',
      ...rest,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(json && { 'content-type': 'application/json' }),
        ...(rest.headers as Record<string, string>)
      },
      ...(json && { body: JSON.stringify(json) })
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text
    }
  }
  const { body } = await call(`${BASE}/api/v1/auth/register`, {
    method: 'POST',
    json: { username: 'ann', email: 'ann@example.com', password: PASSWORD }
  })
  return { ...testApp, url, call, token: body.access_token as string }
}

for (const how of ['strips', 'keeps'] as const) {
  t.test(`behind a proxy that ${how} the path of PUBLIC_URL, every link leads back`, async (t) => {
    const { url, call, token, mail, request } = await startSite(t, how)
    for (const index of [BASE, `${BASE}/`]) {
      const { body } = await call(index)
      t.equal(body.name, 'Tasklane')
      t.strictSame(
        Object.values<string>(body.links).filter((link) => !link.startsWith(`${BASE}/`)),
        []
      )
      for (const link of Object.values<string>(body.links)) {
        t.equal((await call(link)).status, 200, link)
      }
    }
    t.equal((await call('/api/v1/tasks')).body, 'another site')

    const create = (title: string) =>
      call(`${BASE}/api/v1/tasks`, {
        method: 'POST',
        token,
        json: { title },
        headers: { 'idempotency-key': title }
      })
    const made = await create('first')
    t.equal(made.headers.get('location'), `${BASE}/api/v1/tasks/${made.body.id}`)
    t.equal((await call(made.headers.get('location') ?? '', { token })).body.title, 'first')
    const again = await create('first')
    t.equal(again.headers.get('idempotent-replayed'), 'true')
    t.equal(again.headers.get('location'), made.headers.get('location'))
    await create('second')

    const page = await call(`${BASE}/api/v1/tasks?limit=1&sort=created_at_asc`, { token })
    const [, next = ''] = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '') ?? []
    t.ok(next.startsWith(`${BASE}/api/v1/tasks?`))
    t.equal((await call(next, { token })).body.data[0].title, 'second')

    const lost = await call(`${BASE}/api/v1/tasks/nothing?q=1`, { token })
    t.match(lost, { status: 404, body: { instance: `${BASE}/api/v1/tasks/nothing` } })
    t.equal((await call(`${BASE}/%`)).body.instance, `${BASE}/%`)

    const batch = await call(`${BASE}/api/v1/task-batches`, {
      method: 'POST',
      token,
      json: { atomic: false, operations: [{ op: 'delete', id: made.body.owner_id }] }
    })
    t.equal(batch.body.results[0].problem.instance, `${BASE}/api/v1/task-batches`)
    const misspelt = await call(`${BASE}/api/v1/tassk`, { token })
    t.equal(misspelt.body.detail, `Not found. Did you mean GET ${BASE}/api/v1/tasks?`)
    const browser = await call(BASE, { headers: { accept: 'text/html' } })
    t.equal(browser.headers.get('location'), `${BASE}/app/`)

    const redirect = await call(`${BASE}/app`)
    t.match(redirect.status, 308)
    t.equal(redirect.headers.get('location'), `${BASE}/app/`)
    for (const file of ['openapi.json', 'openapi-3.0.json']) {
      t.equal((await call(`${BASE}/${file}`)).body.servers[0].url, url)
    }
    const [email] = await emailsTo(mail, 'ann@example.com')
    t.match(email?.text, `Tasklane at ${url}\n`)
    t.match(email?.html, `href="${url}"`)
    t.equal((await request({ url: '/health/live' })).statusCode, 200, 'probes need no path')
  })
}

t.test('a path that only begins like that of PUBLIC_URL is not below it', async (t) => {
  const { request } = await createTestApp(t, { env: { PUBLIC_URL: 'https://example.com/tasks' } })
  for (const url of [
    '/tasksx/health/live',
    '/tasks.json',
    '/Tasks/health/live',
    '/tasks/tasks/health/live'
  ]) {
    t.equal((await request({ url })).statusCode, 404, url)
  }
  for (const url of ['/tasks', '/tasks/', '/tasks?', '/', '/health/live', '/tasks/health/live/']) {
    t.not((await request({ url })).statusCode, 404, url)
  }
})

t.test('under a path, HSTS leaves the subdomains to the site that has them', async (t) => {
  const header = async (url: string) => {
    const { request } = await createTestApp(t, { env: { PUBLIC_URL: url } })
    return (await request({ url: '/health/live' })).headers['strict-transport-security']
  }
  t.equal(await header('https://tasks.example.com'), 'max-age=31536000; includeSubDomains')
  t.equal(await header('https://example.com/tasks'), 'max-age=31536000')
})

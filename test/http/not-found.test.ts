import t from 'tap'
import { createTestApp } from '../support/test-app.ts'

const { app, request, signUp } = await createTestApp(t)
const ann = await signUp()
const methodsOf: Record<string, string[]> = {}
const contract = app.contract()
for (const [path, methods] of Object.entries(contract.paths)) {
  const names = Object.keys(methods).map((method) => method.toUpperCase())
  methodsOf[path] = (names.includes('GET') ? [...names, 'HEAD'] : names).sort()
}
const OTHERS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'QUERY',
  'PROPFIND',
  'PURGE'
]

t.test('a slash at the end makes no other operation of a path', async (t) => {
  for (const url of ['/api/v1/task-imports/preview', '/api/v1/task-imports/preview/']) {
    const answer = await request({ url })
    t.equal(answer.statusCode, 405, url)
    t.equal(answer.headers.allow, 'POST')
  }
})

t.test(
  'a path that names nothing is a 404 problem, whatever the method and the body',
  async (t) => {
    for (const url of [
      '/nope',
      '/api/v1/nope',
      '/api/v2/tasks',
      '/api',
      '/API/V1/TASKS',
      '/api/v1/tasks/a/b/c',
      '//api/v1/tasks',
      '/favicon.ico',
      '/.env'
    ]) {
      const answer = await request({ url })
      t.equal(answer.statusCode, 404, url)
      t.match(answer.json(), {
        code: 'not_found',
        type: /\/not-found$/,
        status: 404,
        instance: url,
        request_id: answer.headers['x-request-id']
      })
    }
    const answer = await request({
      method: 'POST',
      url: '/nope',
      payload: '{"half":',
      headers: { 'content-type': 'application/json' }
    })
    t.equal(answer.statusCode, 404, 'what nobody will read is not parsed')
  }
)

t.test(
  'a method that a known path does not know is a 405 with Allow, on every path of the contract',
  async (t) => {
    for (const [path, known] of Object.entries(methodsOf)) {
      const url = path.replace(/\{[^}]+\}/g, ann.user.id)
      for (const method of OTHERS.filter((name) => !known.includes(name))) {
        const answer = await request({ method: method as 'GET', url })
        t.equal(answer.statusCode, 405, `${method} ${path}`)
        t.equal(answer.headers.allow, known.join(', '))
        if (method !== 'HEAD') {
          t.equal(answer.json().code, 'method_not_allowed')
        }
      }
    }
  }
)

t.test('a trailing slash is tolerated without a redirect', async (t) => {
  t.equal((await ann.get('/api/v1/tasks/')).statusCode, 200)
  t.equal((await request({ url: '/health/live/' })).statusCode, 200)
})

t.test('operational routes know 405 as well', async (t) => {
  const answer = await request({ method: 'PUT', url: '/openapi.json' })
  t.equal(answer.statusCode, 405)
  t.equal(answer.headers.allow, 'GET, HEAD')
})

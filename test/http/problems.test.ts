import t from 'tap'
import { createPasswords } from '../../src/core/passwords.ts'
import { openDatabase } from '../../src/db/client.ts'
import { createTestApp } from '../support/test-app.ts'

const REGISTER = {
  method: 'POST',
  url: '/api/v1/auth/register',
  payload: { username: 'ann', password: 'correct horse battery' }
} as const

const { request, signUp } = await createTestApp(t)

t.test('every problem has the same shape, and its parts agree with each other', async (t) => {
  const ann = await signUp()
  const answers = [
    await request({ url: '/nope' }),
    await request({ url: '/api/v1/tasks' }),
    await request({ method: 'PUT', url: '/api/v1/tasks' }),
    await ann.post('/api/v1/tasks', {}),
    await ann.get('/api/v1/tasks?limit=0'),
    await ann.get('/api/v1/tasks/x'),
    await ann.get('/api/v1/admin/users'),
    await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'x', password: 'y' }
    }),
    await request({ method: 'POST', url: '/api/v1/auth/token', payload: 'x' })
  ]
  t.strictSame(
    answers.map(({ statusCode }) => statusCode),
    [404, 401, 405, 400, 400, 404, 403, 401, 415]
  )
  for (const answer of answers) {
    const { type, title, status, detail, instance, code, request_id } = answer.json()
    t.match(answer.headers['content-type'], /^application\/problem\+json/)
    t.equal(status, answer.statusCode)
    t.equal(type.split('/').at(-1).replaceAll('-', '_'), code)
    t.equal(request_id, answer.headers['x-request-id'])
    t.ok(title && detail && instance.startsWith('/'), code)
  }
})

t.test('a 401 says how to authenticate', async (t) => {
  for (const authorization of [
    undefined,
    'Bearer x',
    'Bearer',
    'Basic Og==',
    'x'.repeat(8000),
    'Bearer a.b.c',
    `Bearer ${'a'.repeat(8000)}`
  ]) {
    const answer = await request({
      url: '/api/v1/tasks',
      headers: authorization === undefined ? {} : { authorization }
    })
    t.match(
      answer,
      { statusCode: 401, headers: { 'www-authenticate': /^Bearer/ } },
      String(authorization).slice(0, 20)
    )
  }
})

t.test(
  'an unexpected failure is a 500 without details, and its cause is logged under the same id',
  async (t) => {
    const log: string[] = []
    const hash = async () => {
      throw new TypeError('secret detail at /srv/app/x.ts: select * from users')
    }
    const { request: askBroken } = await createTestApp(t, {
      onLog: (line) => log.push(line),
      deps: { passwords: { ...createPasswords(), hash } }
    })
    const answer = await askBroken(REGISTER)
    t.match(answer.json(), {
      status: 500,
      code: 'internal_error',
      detail: 'The log has the cause under this request id.'
    })
    t.notMatch(answer.body, /secret|select|srv|TypeError|stack/)
    const line = log.find((text) => text.includes('secret detail')) ?? '{}'
    t.match(JSON.parse(line), {
      level: 50,
      request_id: answer.headers['x-request-id'],
      err: { type: 'TypeError', message: /secret detail/ }
    })
  }
)

t.test(
  'without its database the server stays alive, responds 503 and says when to retry',
  async (t) => {
    const gone = await openDatabase({
      url: 'postgres://nobody@127.0.0.1:1/none',
      dataDir: '',
      pool: 2
    })
    t.teardown(() => gone.close())
    const log: string[] = []
    const { request: askAlone, app } = await createTestApp(t, {
      onLog: (line) => log.push(line),
      deps: { db: gone.db }
    })
    const token = app.jwt.sign({
      sub: '019f2f6e-7c1a-7bbb-8bbb-0123456789ab',
      sid: '019f2f6e-7c1a-7bbb-8bbb-0123456789ac',
      jti: 'a',
      role: 'user'
    })
    const answers = [
      await askAlone(REGISTER),
      await askAlone({ url: '/api/v1/tasks', headers: { authorization: `Bearer ${token}` } }),
      await askAlone({ url: '/health/ready' })
    ]
    for (const answer of answers) {
      t.match(answer, { statusCode: 503, headers: { 'retry-after': '1' } })
      t.equal(answer.json().code, 'unavailable')
      t.notMatch(answer.body, /ECONNREFUSED|127\.0\.0\.1|postgres/)
    }
    t.equal((await askAlone({ url: '/health/live' })).statusCode, 200)
    t.ok(
      log.some((line) => line.includes('ECONNREFUSED')),
      'the log knows why'
    )
  }
)

t.test(
  'an OAuth library that asks for application/json gets the same problem under that name',
  async (t) => {
    const refuse = (accept: string) =>
      request({
        method: 'POST',
        url: '/api/v1/auth/token',
        payload: 'grant_type=password&username=x&password=y',
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept }
      })
    t.match(await refuse('application/json'), {
      statusCode: 400,
      headers: { 'content-type': /^application\/json/ }
    })
    t.match((await refuse('application/json')).json(), {
      code: 'invalid_grant',
      error: 'invalid_grant',
      error_description: /./
    })
    for (const accept of ['*/*', 'application/problem+json, application/json', 'text/html']) {
      t.match((await refuse(accept)).headers['content-type'], /^application\/problem\+json/, accept)
    }
  }
)

import t from 'tap'
import { createTestApp } from '../support/test-app.ts'

const { request, signUp } = await createTestApp(t)
const ann = await signUp()
const list = (query: string) => ann.get(`/api/v1/tasks?${query}`)
const field = (pointer: string, code: string, detail?: string) => ({
  status: 400,
  code: 'invalid_request',
  errors: [{ in: 'query', pointer, code, ...(detail && { detail }) }]
})

t.test('an unknown query parameter is named, with the nearest known one', async (t) => {
  t.match(
    (await list('limt=3')).json(),
    field('/limt', 'unknown_field', 'limt is unknown; did you mean limit?')
  )
  t.match(
    (await list('statuses=done')).json(),
    field('/statuses', 'unknown_field', 'statuses is unknown; did you mean status?')
  )
  t.match((await list('xyzzy=1')).json(), field('/xyzzy', 'unknown_field', 'xyzzy is unknown.'))
  t.match(
    (await list('LIMIT=5')).json(),
    field('/LIMIT', 'unknown_field', 'LIMIT is unknown; did you mean limit?')
  )
  for (const name of ['__proto__', 'constructor', 'hasOwnProperty', '']) {
    t.match((await list(`${name}=1`)).json(), field(`/${name}`, 'unknown_field'), name)
  }
})

t.test('a route that takes no parameters rejects them as well', async (t) => {
  t.match((await ann.get('/api/v1/me?fields=id')).json(), field('/fields', 'unknown_field'))
  t.equal(
    (
      await request({
        method: 'POST',
        url: '/api/v1/auth/login?password=x',
        payload: { username: 'a', password: 'b' }
      })
    ).statusCode,
    400
  )
})

t.test('brackets have no meaning in parameter names', async (t) => {
  for (const name of ['limit[]', 'limit[a]', 'status[]', '__proto__[x]']) {
    t.match((await list(`${name}=1`)).json(), field(`/${name}`, 'unknown_field'), name)
  }
})

t.test('a scalar given twice is rejected, a list repeats its key', async (t) => {
  t.match(
    (await list('limit=1&limit=2')).json(),
    field('/limit', 'given_twice', 'limit may be given only once.')
  )
  t.match((await list('completed=true&completed=true')).json(), field('/completed', 'given_twice'))
  t.match((await list('cursor=a&cursor=b')).json(), field('/cursor', 'given_twice'))
  t.equal((await list('status=todo&status=done')).statusCode, 200)
  t.match((await list('status=todo,done')).json(), field('/status/0', 'unknown_value'))
})

t.test('numbers and booleans are read in one spelling', async (t) => {
  for (const text of [
    '',
    'abc',
    '1.5',
    '1e1',
    '0x10',
    '010',
    ' 5',
    '5 ',
    '+5',
    '%205',
    '-0x1',
    '5;',
    '\u0663',
    'null',
    'true'
  ]) {
    t.match(
      (await list(`limit=${encodeURIComponent(text)}`)).json(),
      field('/limit', 'wrong_type'),
      text
    )
  }
  for (const text of ['0', '101', '-1', '9007199254740993', '1'.repeat(400)]) {
    t.match(
      (await list(`limit=${text}`)).json(),
      { status: 400, errors: [{ pointer: '/limit' }] },
      text
    )
  }
  for (const text of ['', '1', '0', 'TRUE', 'yes', 'on', 'null', ' true']) {
    t.match(
      (await list(`completed=${encodeURIComponent(text)}`)).json(),
      field('/completed', 'wrong_type'),
      text
    )
  }
  t.equal((await list('limit=%35&completed=true')).json().pagination.limit, 5)
})

t.test('a query has at most 50 parameters, and 150 values with repeated ones', async (t) => {
  for (const parameters of [
    Array.from({ length: 51 }, (_, i) => `parameter_${i}=1`),
    Array(151).fill('status=todo')
  ]) {
    t.match((await list(parameters.join('&'))).json(), {
      status: 400,
      errors: [{ in: 'query', pointer: '', code: 'too_long' }]
    })
  }
  t.match((await list(Array(50).fill('status=todo').join('&'))).json(), {
    status: 400,
    errors: [{ pointer: '/status', code: 'too_long' }]
  })
})

t.test(
  'malformed percent-encoding, ill-formed UTF-8 and NUL are rejected in the query',
  async (t) => {
    for (const text of ['%', '%2', '%zz', '%ff', '%c3', '%ed%a0%80', '%00', 'a%00b', '%C0%80']) {
      const answer = await list(`cursor=${text}`)
      t.match(answer.json(), { status: 400, errors: [{ in: 'query', code: 'malformed' }] }, text)
      t.equal((await list(`${text}=1`)).statusCode, 400, `${text} as a name`)
    }
  }
)

t.test(
  'malformed percent-encoding, ill-formed UTF-8 and NUL are rejected in the path',
  async (t) => {
    for (const text of ['%', '%2', '%zz', '%ff', '%c3', '%ed%a0%80', '%00', 'a%00b']) {
      for (const path of ['/api/v1/tasks/', '/api/v1/', '/', '/docs/static/']) {
        const answer = await request({
          url: path + text,
          headers: { authorization: `Bearer ${ann.access_token}` }
        })
        t.match(answer.json(), { status: 400, code: 'malformed_request' }, path + text)
      }
    }
  }
)

t.test('a malformed id is a 404 like one that does not exist, however long', async (t) => {
  const absent = (await ann.get('/api/v1/tasks/019f2f6e-7c1a-7bbb-8bbb-0123456789ab')).json()
  for (const id of [
    'x',
    '0',
    'null',
    '...',
    '{id}',
    ann.user.id.replaceAll('-', ''),
    `${ann.user.id}0`,
    `${ann.user.id}%20`,
    'a'.repeat(201),
    'a'.repeat(5000),
    '%F0%9F%9A%AA'.repeat(50)
  ]) {
    const answer = await ann.get(`/api/v1/tasks/${id}`)
    t.equal(answer.statusCode, 404, id.slice(0, 40))
    t.strictSame(
      { ...answer.json(), instance: '', request_id: '' },
      { ...absent, instance: '', request_id: '' }
    )
  }
  for (const method of ['PATCH', 'PUT', 'DELETE'] as const) {
    t.equal(
      (await ann.send({ method, url: `/api/v1/tasks/${'a'.repeat(5000)}`, payload: {} }))
        .statusCode,
      404,
      method
    )
  }
})

t.test('a URL above 8 KiB is a 414', async (t) => {
  for (const url of [`/${'a'.repeat(8192)}`, `/api/v1/tasks?cursor=${'a'.repeat(8192)}`]) {
    t.match((await request({ url })).json(), { status: 414, code: 'uri_too_long' })
  }
  t.equal((await request({ url: `/${'a'.repeat(8191)}` })).statusCode, 404)
})

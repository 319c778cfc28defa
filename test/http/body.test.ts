import t from 'tap'
import { createTestApp } from '../support/test-app.ts'

const { signUp, events } = await createTestApp(t)
const ann = await signUp()
const post = (payload: string | Buffer, headers: Record<string, string> = {}) =>
  ann.send({
    method: 'POST',
    url: '/api/v1/tasks',
    payload,
    headers: { 'content-type': 'application/json', ...headers }
  })

t.test('a body that is not JSON is a 400 malformed_json', async (t) => {
  for (const text of [
    '{"title":',
    '{title:1}',
    '{"title":"a"} x',
    '{"title":"a",}',
    'NaN',
    "'a'",
    '{"title":"a\tb"}',
    '{"title":"a\u0000b"}'
  ]) {
    const answer = await post(text)
    t.equal(answer.statusCode, 400, text)
    t.equal(answer.json().code, 'malformed_json')
  }
})

t.test('JSON that is no object is a 400 that says so', async (t) => {
  for (const text of ['', 'null', '[]', '"a"', '5', 'true']) {
    const answer = await post(text)
    t.equal(answer.statusCode, 400, text)
    t.match(answer.json(), {
      code: 'invalid_request',
      errors: [
        { in: 'body', pointer: '', code: 'wrong_type', detail: 'The body must be an object.' }
      ]
    })
  }
  const absent = await ann.send({ method: 'POST', url: '/api/v1/tasks' })
  t.match(absent.json(), { status: 400, errors: [{ pointer: '', code: 'wrong_type' }] })
})

t.test('JSON nests up to 32 levels, in strings without limit', async (t) => {
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  t.equal((await post(nested(33))).json().code, 'malformed_json')
  t.match((await post(nested(33))).json(), { detail: 'The body is nested deeper than 32 levels.' })
  t.equal((await post(nested(32))).json().code, 'invalid_request', 'deep enough to be looked at')
  t.equal((await post('['.repeat(100_000))).statusCode, 400)
  t.equal(
    (await post(JSON.stringify({ title: 'deep', description: `"\\${'[{'.repeat(100)}` })))
      .statusCode,
    201
  )
})

t.test('JSON has up to 20 000 values, counted before any of them is created', async (t) => {
  const flat = (values: number) => JSON.stringify(Array(values).fill(0))
  t.match((await post(flat(20_001))).json(), {
    status: 400,
    code: 'malformed_json',
    detail: 'The body has more than 20000 values.'
  })
  t.equal((await post(flat(20_000))).json().code, 'invalid_request')
  const names = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [i.toString(36), 0]))
  t.match(
    (await ann.post('/api/v1/task-batches', names)).json(),
    { status: 400, code: 'malformed_json' },
    '100 000 names'
  )
  t.equal(
    (await post(JSON.stringify({ title: 'commas', description: ','.repeat(10_000) }))).statusCode,
    201
  )
})

t.test('huge numbers are rejected in every field', async (t) => {
  const batch = (version: string) =>
    ann.send({
      method: 'POST',
      url: '/api/v1/task-batches',
      headers: { 'content-type': 'application/json' },
      payload: `{"operations":[{"op":"delete","id":"019f2f6e-7c1a-7bbb-8bbb-0123456789ab","if_version":${version}}]}`
    })
  for (const number of [
    '1e999',
    '-1e999',
    '9007199254740993',
    '2147483648',
    `1${'0'.repeat(400)}`,
    '1e-400',
    '0.1'
  ]) {
    t.match(
      (await batch(number)).json(),
      { status: 400, errors: [{ in: 'body', pointer: '/operations/0/if_version' }] },
      number.slice(0, 20)
    )
    t.match(
      (await post(`{"title":${number}}`)).json(),
      { status: 400, errors: [{ in: 'body', pointer: '/title' }] },
      number.slice(0, 20)
    )
  }
})

t.test('property names that would pollute a prototype are rejected, escaped or not', async (t) => {
  for (const text of [
    '{"title":"a","__proto__":{"role":"admin"}}',
    '{"title":"a","\\u005f_proto__":1}',
    '{"title":"a","constructor":{"prototype":{"x":1}}}',
    '{"title":"a","tags":[{"__proto__":1}]}'
  ]) {
    t.match((await post(text)).json(), { status: 400, code: 'malformed_json' }, text)
  }
  for (const name of ['constructor', 'hasOwnProperty', 'toString', 'prototype']) {
    t.match(
      (await post(`{"title":"a","${name}":1}`)).json(),
      { status: 400, errors: [{ pointer: `/${name}`, code: 'unknown_field' }] },
      name
    )
  }
})

t.test(
  'a field that is given twice is rejected by name, since parsers differ in which of the two they read',
  async (t) => {
    const before = await events.count()
    for (const [text, pointer] of [
      ['{"title":"a","title":"a"}', '/title'],
      ['{"title":"a","\\u0074itle":"b"}', '/title'],
      ['{"titel":1,"title":"a","titel":2}', '/titel']
    ] as const) {
      t.match(
        (await post(text)).json(),
        {
          status: 400,
          code: 'invalid_request',
          errors: [
            {
              in: 'body',
              pointer,
              code: 'given_twice',
              detail: `${pointer.slice(1)} may be given only once.`
            }
          ]
        },
        text
      )
    }
    const batch = await ann.send({
      method: 'POST',
      url: '/api/v1/task-batches',
      headers: { 'content-type': 'application/json' },
      payload:
        '{"operations":[{"op":"create","data":{"title":"a"}},{"op":"create","data":{"title":"b","title":"c"}}]}'
    })
    t.match(batch.json(), {
      status: 400,
      errors: [{ pointer: '/operations/1/data/title', code: 'given_twice' }]
    })
    t.equal(await events.count(), before)
  }
)

t.test('text that cannot be stored is rejected by its field', async (t) => {
  const refused = async (text: string | Buffer, pointer: string) =>
    t.match(
      (await post(text)).json(),
      { status: 400, errors: [{ in: 'body', pointer, code: 'malformed' }] },
      String(text)
    )
  await refused('{"title":"a\\u0000b"}', '/title')
  await refused('{"title":"a\\ud800b"}', '/title')
  await refused('{"title":"a\\udc00\\ud800b"}', '/title')
  await refused('{"title":"ok","tags":["a","\\u0000"]}', '/tags/1')
  await refused('{"title":"a","\\ud800":1}', '/\ufffd')
  t.equal((await post('{"title":"\\ud83d\\ude00"}')).statusCode, 201, 'a whole pair is a character')
})

t.test('ill-formed UTF-8 is rejected instead of being stored as something else', async (t) => {
  for (const bytes of [
    [0xff],
    [0xc3],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80]
  ]) {
    const body = Buffer.concat([Buffer.from('{"title":"'), Buffer.from(bytes), Buffer.from('"}')])
    t.match(
      (await post(body)).json(),
      { status: 400, code: 'malformed_json' },
      body.toString('hex')
    )
  }
})

t.test('only the documented media type is accepted', async (t) => {
  const refused = [
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/vnd.api+json',
    'application/jsonx',
    'json',
    'application/merge-patch+json',
    'text/html;application/json'
  ]
  for (const type of refused) {
    const answer = await post('{"title":"a"}', { 'content-type': type })
    t.match(answer.json(), { status: 415, code: 'unsupported_media_type' }, type)
  }
  for (const type of [
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8'
  ]) {
    t.equal((await post('{"title":"a"}', { 'content-type': type })).statusCode, 201, type)
  }
})

t.test('a merge patch is accepted on PATCH only', async (t) => {
  const task = await ann.create({ title: 'Paint the door' })
  const answer = await ann.send({
    method: 'PATCH',
    url: `/api/v1/tasks/${task.id}`,
    payload: '{"title":"Paint it red"}',
    headers: { 'content-type': 'application/merge-patch+json' }
  })
  t.equal(answer.statusCode, 200)
  t.equal(answer.json().title, 'Paint it red')
})

t.test('a compressed body is a 415', async (t) => {
  for (const encoding of ['gzip', 'br', 'deflate', 'zstd', 'identity, gzip', 'x']) {
    t.match(
      (await post('{"title":"a"}', { 'content-encoding': encoding })).json(),
      { status: 415, code: 'unsupported_media_type' },
      encoding
    )
  }
  for (const encoding of ['identity', 'Identity']) {
    t.equal(
      (await post('{"title":"a"}', { 'content-encoding': encoding })).statusCode,
      201,
      encoding
    )
  }
})

t.test('a body may be as large as its operation needs, and no larger', async (t) => {
  const limits: [url: string, body: string, bytes: number, status: number][] = [
    ['tasks', '{"title":"a"}', 131_072, 201],
    ['task-batches', '{"operations":[{"op":"create","data":{"title":"a"}}]}', 1_048_576, 200],
    ['auth/login', '{"username":"nobody","password":"correct horse"}', 8192, 401],
    ['auth/refresh', '{"refresh_token":"x"}', 8192, 401]
  ]
  for (const [url, body, bytes, status] of limits) {
    const send = (length: number) =>
      ann.send({
        method: 'POST',
        url: `/api/v1/${url}`,
        payload: body.padEnd(length),
        headers: { 'content-type': 'application/json' }
      })
    t.equal((await send(bytes)).statusCode, status, url)
    t.match((await send(bytes + 1)).json(), { status: 413, code: 'body_too_large' }, url)
  }
  const whole = await post(
    JSON.stringify({ title: 'a', description: '\u{1f6aa}'.repeat(10_000) }).replace(
      /[\ud800-\udfff]/g,
      (half) => `\\u${half.charCodeAt(0).toString(16)}`
    )
  )
  t.equal(whole.statusCode, 201, 'the largest task fits, however it is written')
})

t.test('a rejected body stores nothing', async (t) => {
  const before = await events.count()
  await post('{"title":"a","titel":"b"}')
  await post('{"title":"a\\u0000"}')
  t.equal(await events.count(), before)
})

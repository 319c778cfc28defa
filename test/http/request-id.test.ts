import t from 'tap'
import { createTestApp } from '../support/test-app.ts'

const { request, app } = await createTestApp(t)
const UUID_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

t.test("a caller's request id is kept when it is harmless", async (t) => {
  for (const id of ['a', 'trace-1.2_3', 'A'.repeat(64), '0']) {
    t.equal(
      (await request({ url: '/nope', headers: { 'x-request-id': id } })).json().request_id,
      id
    )
  }
})

t.test('any other is replaced by a generated one', async (t) => {
  for (const id of ['', 'a b', 'a\tb', 'A'.repeat(65), 'a,b', '<script>', '../x', 'é', 'a"b']) {
    const answer = await request({ url: '/nope', headers: { 'x-request-id': id } })
    t.match(answer.headers['x-request-id'], UUID_7, id)
  }
  const twice = await app.inject({ url: '/nope', headers: { 'x-request-id': ['a', 'b'] as never } })
  t.match(twice.headers['x-request-id'], UUID_7)
})

t.test('every response has one, even without a route', async (t) => {
  for (const url of [
    '/',
    '/health/live',
    '/openapi.json',
    '/nope',
    '/%',
    `/${'a'.repeat(9000)}`,
    '/api/v1/tasks?x=%'
  ]) {
    t.match((await request({ url })).headers['x-request-id'], UUID_7, url.slice(0, 20))
  }
  t.not(
    (await request({ url: '/' })).headers['x-request-id'],
    (await request({ url: '/' })).headers['x-request-id']
  )
})

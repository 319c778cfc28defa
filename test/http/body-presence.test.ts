import { Readable } from 'node:stream'
import t from 'tap'
import { operations } from '../support/contract.ts'
import { createTestApp, type Person } from '../support/test-app.ts'

const { request, signUp } = await createTestApp(t)
const ann = await signUp()
const ABSENT = '019f2f6e-7c1a-7aaa-8aaa-0123456789ab'
const TYPES = [
  'application/x-www-form-urlencoded',
  'text/plain',
  'application/json',
  'application/octet-stream',
  'application/merge-patch+json',
  'multipart/form-data; boundary=x',
  'nonsense'
]
const bodyless = operations.filter(
  ({ method, operation }) => method !== 'GET' && operation.requestBody === undefined
)
const urlOf = (path: string) => path.replace(/\{[^}]+\}/g, ABSENT)

t.test('an empty body is none, whatever its media type says', async (t) => {
  for (const type of TYPES) {
    const bob = await signUp()
    const task = await bob.create({ title: 'Paint the door' })
    const send = (method: 'POST' | 'DELETE', path: string, more: object = {}) =>
      bob.send({
        method,
        url: `/api/v1/${path}`,
        headers: { 'content-type': type, 'content-length': '0' },
        ...more
      })
    t.equal((await send('DELETE', `tasks/${task.id}`)).statusCode, 204, type)
    t.equal((await send('POST', `tasks/${task.id}/restore`)).statusCode, 200, type)
    t.match((await send('POST', 'tasks')).json(), { status: 400, errors: [{ code: 'wrong_type' }] })
    const chunked = {
      payload: Readable.from([]),
      headers: { 'content-type': type, 'transfer-encoding': 'chunked' }
    }
    t.equal((await send('DELETE', 'auth/sessions', chunked)).statusCode, 204, type)
    t.equal((await send('POST', 'auth/logout')).statusCode, 204, type)
    t.equal((await bob.get('/api/v1/me')).statusCode, 401, 'logged out')
  }
})

t.test('an empty body is none, whatever its encoding says', async (t) => {
  const task = await ann.create({ title: 'Paint the door' })
  const headers = { 'content-encoding': 'gzip', 'content-length': '0' }
  const response = await ann.send({ method: 'DELETE', url: `/api/v1/tasks/${task.id}`, headers })
  t.equal(response.statusCode, 204)
})

t.test('an operation that takes no body rejects one, whatever its media type says', async (t) => {
  t.ok(bodyless.length > 10)
  const bodies: [string, string][] = [
    ['application/json', '{"ids":["a"]}'],
    ['application/json', '[]'],
    ['application/json', '"x"'],
    ['text/plain', 'x'],
    ['application/x-www-form-urlencoded', 'a=b']
  ]
  const sender: Person = await signUp('admin')
  for (const { method, path, operation } of bodyless) {
    const what = operation.operationId
    const send = (payload: string | Readable, headers: Record<string, string>) =>
      sender.send({ method: method as 'POST', url: urlOf(path), headers, payload })
    for (const [type, payload] of bodies) {
      const answer = await send(payload, { 'content-type': type })
      const errors = [{ in: 'body', pointer: '' }]
      t.match(answer.json(), { status: 400, code: 'invalid_request', errors }, `${what} ${payload}`)
    }
    const chunked = { 'content-type': 'text/plain', 'transfer-encoding': 'chunked' }
    t.equal((await send(Readable.from(['x']), chunked)).statusCode, 400, `${what} in chunks`)
  }
  t.equal((await sender.get('/api/v1/me')).statusCode, 200, 'still logged in')
})

t.test('a POST without members says nothing, as many clients send it', async (t) => {
  const bob = await signUp()
  t.equal((await bob.post('/api/v1/auth/logout', {})).statusCode, 204)
})

t.test('an id that is empty names nothing: the list is not meant', async (t) => {
  for (const list of ['tasks', 'auth/sessions', 'me/api-keys', 'admin/ip-bans']) {
    const answer = await ann.send({ method: 'DELETE', url: `/api/v1/${list}/` })
    t.match(answer.json(), { status: 404, code: 'not_found' }, list)
  }
  const bob = await signUp()
  const admin = await signUp('admin')
  const account = `/api/v1/admin/users/${bob.user.id}`
  const expires_at = new Date(Date.now() + 86_400_000).toISOString()
  await bob.post('/api/v1/me/api-keys', { name: 'Kept', scopes: ['tasks:read'], expires_at })
  for (const list of ['sessions', 'api-keys']) {
    const answer = await admin.send({ method: 'DELETE', url: `${account}/${list}/` })
    t.match(answer.json(), { status: 404, code: 'not_found' }, list)
  }
  t.equal((await bob.get('/api/v1/me')).statusCode, 200, 'still logged in')
  t.match((await bob.get('/api/v1/me/api-keys')).json(), { data: [{ name: 'Kept' }] })
  const task = await bob.create({ title: 'Paint the door' })
  const entry = { method: 'DELETE' as const, url: `/api/v1/tasks/${task.id}/` }
  t.equal((await bob.send(entry)).statusCode, 204, 'a stray slash behind an id does no harm')
  t.equal((await request({ url: '/health/live/' })).statusCode, 200, 'nor where nothing is deleted')
})

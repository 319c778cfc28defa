import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { eq } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { FEATURES } from '../../../src/features.ts'
import type { Operation } from '../../../src/http/openapi/document.ts'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { rawHttp, requestText } from '../../support/raw-http.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

/** Every scope that a feature declares. */
const SCOPES = FEATURES.flatMap(({ scopes = [] }) => scopes)
const DAY_MS = 86_400_000
const paths: Record<string, Record<string, Operation>> = JSON.parse(
  readFileSync(new URL('../../../openapi/openapi.json', import.meta.url), 'utf8')
).paths
/** Every operation that requires a caller, with the scope that its description names. */
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([, operation]) => operation.security === undefined)
    .map(([method, { operationId, description }]) => ({
      operationId,
      method: method.toUpperCase() as 'GET',
      url: path.replace(/\{[^}]+\}/g, '019f2f6e-7c1a-7ddd-8ddd-0123456789ab'),
      scope: /API keys need the scope `([^`]+)`/.exec(description)?.[1]
    }))
)

async function keyFor(
  person: Person,
  scopes: readonly string[]
): Promise<{ id: string; headers: { authorization: string } }> {
  const { id, key } = (
    await person.post('/api/v1/me/api-keys', {
      name: 'Key',
      scopes,
      expires_at: new Date(Date.now() + DAY_MS).toISOString()
    })
  ).json()
  return { id, headers: { authorization: `Bearer ${key}` } }
}

t.test('a key can call exactly the operations of its scopes', async (t) => {
  const { request, signUp } = await createTestApp(t)
  const admin = await signUp('admin')
  t.ok(operations.length > 20 && operations.some(({ scope }) => scope === 'tasks:write'))
  for (const scope of SCOPES) {
    const { headers } = await keyFor(admin, [scope])
    for (const { operationId, method, url, scope: needed } of operations) {
      // A stream that opens does not end.
      const isOpened = operationId === 'streamChanges' && needed === scope
      const response = await request({
        method: isOpened ? 'HEAD' : method,
        url,
        headers,
        ...(method !== 'GET' && { payload: {} })
      })
      if (needed === scope) {
        t.ok(
          ![401, 403].includes(response.statusCode),
          `${operationId} with ${scope}: ${response.statusCode}`
        )
      } else {
        t.match(
          [response.statusCode, response.json().code],
          [403, 'missing_scope'],
          `${operationId} with ${scope}`
        )
      }
    }
  }
})

t.test(
  'a key with every scope cannot create keys, change credentials, list sessions or delete the account',
  async (t) => {
    const { request, signUp, db } = await createTestApp(t)
    const ann = await signUp('admin')
    const { id, headers } = await keyFor(ann, SCOPES)
    const tries: [method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object][] = [
      [
        'POST',
        'me/api-keys',
        {
          name: 'More',
          scopes: ['tasks:read'],
          expires_at: new Date(Date.now() + DAY_MS).toISOString()
        }
      ],
      ['GET', 'me/api-keys'],
      ['DELETE', `me/api-keys/${id}`],
      [
        'POST',
        'me/password',
        { current_password: PASSWORD, new_password: 'a staple that is correct' }
      ],
      ['PATCH', 'me', { email: 'x@example.com', current_password: PASSWORD }],
      ['DELETE', 'me', { password: PASSWORD }],
      ['GET', 'auth/sessions'],
      ['DELETE', 'auth/sessions'],
      ['POST', 'auth/logout'],
      ['GET', 'admin/users'],
      ['GET', 'admin/audit-log']
    ]
    for (const [method, path, payload] of tries) {
      const response = await request({
        method,
        url: `/api/v1/${path}`,
        headers,
        ...(payload && { payload })
      })
      t.match(response.json(), { status: 403, code: 'missing_scope' }, `${method} ${path}`)
    }
    t.equal((await ann.get('/api/v1/me')).statusCode, 200)
    const rejected = (await auditEntries(db)).filter(
      (entry) => summarize(entry) === 'access.refused refused'
    )
    t.equal(rejected.length, tries.length, 'every rejection is audited')
    t.match(rejected[0], { actor_id: ann.user.id, detail: 'createApiKey' })
  }
)

t.test('the token endpoints do not accept a key as a refresh token', async (t) => {
  const { request, signUp } = await createTestApp(t)
  const { headers } = await keyFor(await signUp(), SCOPES)
  const key = headers.authorization.slice('Bearer '.length)
  t.equal(
    (
      await request({
        method: 'POST',
        url: '/api/v1/auth/refresh',
        payload: { refresh_token: key }
      })
    ).statusCode,
    401
  )
  t.equal(
    (
      await request({
        method: 'POST',
        url: '/api/v1/auth/token',
        payload: `grant_type=refresh_token&refresh_token=${key}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' }
      })
    ).statusCode,
    400
  )
})

t.test('a key never has more rights than its owner has now', async (t) => {
  const { request, signUp, db } = await createTestApp(t)
  const [ann, bob] = [await signUp('manager'), await signUp()]
  const task = await bob.create({ title: "Bob's own" })
  const { headers } = await keyFor(ann, ['tasks:read'])
  const read = async () => (await request({ url: `/api/v1/tasks/${task.id}`, headers })).statusCode
  t.equal(await read(), 200)
  await db.update(users).set({ role: 'user' }).where(eq(users.id, ann.user.id))
  t.equal(await read(), 404)
})

t.test('a key together with an access token is rejected, in two headers and in one', async (t) => {
  const { app, request, signUp } = await createTestApp(t)
  const ann = await signUp()
  const key = (await keyFor(ann, SCOPES)).headers.authorization
  const token = `Bearer ${ann.access_token}`
  for (const both of [`${key}, ${token}`, `${token},${key}`]) {
    t.match((await request({ url: '/api/v1/me', headers: { authorization: both } })).json(), {
      status: 400,
      errors: [{ in: 'header', pointer: '/Authorization' }]
    })
  }
  for (const twice of [`${key}, ${key}`, `${token}, ${token}`]) {
    t.equal(
      (await request({ url: '/api/v1/me', headers: { authorization: twice } })).statusCode,
      401
    )
  }
  await app.listen({ host: '127.0.0.1', port: 0 })
  const [response] = await rawHttp(
    (app.addresses()[0] as AddressInfo).port,
    requestText('GET /api/v1/me', { Authorization: [key, token] })
  )
  t.equal(response?.status, 400)
})

t.test('anything that is not a key gets a 401', async (t) => {
  const { request, signUp } = await createTestApp(t)
  const key = (await keyFor(await signUp(), SCOPES)).headers.authorization.slice('Bearer '.length)
  const other = key.endsWith('0') ? '1' : '0'
  const malformed = [
    'tl_',
    'tl_x',
    `${key}x`,
    key.slice(0, -1),
    key.slice(0, -1) + other,
    key.replace('tl_', 'tl-'),
    key.toUpperCase(),
    `tl_${'0'.repeat(46)}`,
    `tl_${'é'.repeat(46)}`,
    `tl_${'a'.repeat(5000)}`,
    `TL_${key.slice(3)}`
  ]
  for (const text of malformed) {
    const response = await request({
      url: '/api/v1/me',
      headers: { authorization: `Bearer ${text}` }
    })
    t.equal(response.statusCode, 401, text.slice(0, 60))
    t.equal(response.headers['www-authenticate'], 'Bearer')
  }
})

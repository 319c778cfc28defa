import { randomUUID } from 'node:crypto'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import { operations } from '../support/contract.ts'
import { createTestDatabase } from '../support/database.ts'
import { createTestApp } from '../support/test-app.ts'

type Operation = (typeof operations)[number]

const BUDGETS = [
  'AUTH',
  'REFRESH',
  'UNKNOWN',
  'READS',
  'CREATES',
  'UPDATES',
  'DELETES',
  'DELETE_ALL',
  'IMPORTS'
]
const isPublic = ({ operation }: Operation) => operation.security?.length === 0
const takesBody = ({ operation }: Operation) => operation.requestBody !== undefined
const closed = operations.filter((each) => !isPublic(each))

const { request, signUp } = await createTestApp(t, { env: { IMPORT_MAX_BYTES: '1024' } })
const admin = await signUp('admin')

t.test('no operation works without credentials, except those that issue them', async (t) => {
  for (const each of closed) {
    t.equal((await request(exampleRequest(each))).statusCode, 401, each.operation.operationId)
  }
})

t.test('no operation accepts an API key without its scope', async (t) => {
  const keyWith = async (scope: string): Promise<string> =>
    (
      await admin.post('/api/v1/me/api-keys', {
        name: scope,
        scopes: [scope],
        expires_at: inDays(30)
      })
    ).json().key
  const [forTasks, forImports] = [await keyWith('tasks:write'), await keyWith('imports:write')]
  for (const each of closed) {
    const authorization = `Bearer ${each.path.includes('task-imports') ? forTasks : forImports}`
    t.match(
      (await request(exampleRequest(each, { headers: { authorization } }))).json(),
      { status: 403, code: 'missing_scope' },
      each.operation.operationId
    )
  }
})

t.test('no operation accepts an undeclared parameter', async (t) => {
  for (const each of operations) {
    const answer = await admin.send(exampleRequest(each, { query: '?nonsense=1' }))
    t.match(
      answer.json(),
      { status: 400, errors: [{ in: 'query', pointer: '/nonsense', code: 'unknown_field' }] },
      each.operation.operationId
    )
  }
})

t.test('every operation returns 404 for what does not exist', async (t) => {
  for (const each of operations.filter(({ path }) => path.includes('{'))) {
    t.equal((await admin.send(exampleRequest(each))).statusCode, 404, each.operation.operationId)
  }
})

t.test('no operation accepts a body of another media type, or one that is too large', async (t) => {
  for (const each of operations.filter(takesBody)) {
    const { operationId } = each.operation
    t.equal(
      (
        await admin.send(
          exampleRequest(each, { headers: { 'content-type': 'application/xml' }, payload: '<a/>' })
        )
      ).statusCode,
      415,
      operationId
    )
    t.equal(
      (await admin.send(exampleRequest(each, { tooLarge: true }))).statusCode,
      413,
      operationId
    )
  }
})

t.test('every operation has a budget, and says when it is refilled', async (t) => {
  const limited = await createTestApp(t, {
    env: {
      RATE_LIMIT: 'on',
      ...Object.fromEntries(BUDGETS.map((name) => [`RATE_LIMIT_${name}`, '3']))
    }
  })
  const someone = await limited.signUp('admin')
  const isLast = ({ operation }: Operation) => Number(operation.operationId === 'logout')
  for (const each of operations.toSorted((a, b) => isLast(a) - isLast(b))) {
    let status = 0
    for (let i = 0; i < 4 && status !== 429; i++) {
      status = (await someone.send(exampleRequest(each))).statusCode
    }
    t.equal(status, 429, each.operation.operationId)
  }
})

t.test('every operation says that it cannot answer while the database is away', async (t) => {
  const database = await createTestDatabase()
  const stranded = await createTestApp(t, {
    database: { ...database, close: async () => {} },
    onLog: () => {}
  })
  const someone = await stranded.signUp('admin')
  await database.close()
  for (const each of operations) {
    t.equal((await someone.send(exampleRequest(each))).statusCode, 503, each.operation.operationId)
  }
})

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

/** The request of the contract's own example, about something that is not there. */
function exampleRequest(
  { method, path, operation }: Operation,
  {
    headers = {},
    query = '',
    payload,
    tooLarge = false
  }: { headers?: Record<string, string>; query?: string; payload?: string; tooLarge?: boolean } = {}
): InjectOptions & { url: string } {
  const [[type, media] = ['', undefined]] = Object.entries(operation.requestBody?.content ?? {})
  const value = Object.values(media?.examples ?? {})[0]?.value
  const body = payload ?? bodyOf(type, value, tooLarge)
  return {
    method: method as 'GET',
    url: path.replace(/\{[^}]+\}/g, () => randomUUID()) + query,
    ...(body !== undefined && { payload: body }),
    headers: {
      ...(body !== undefined && {
        'content-type': type === 'multipart/form-data' ? `${type}; boundary=b` : type
      }),
      ...headers
    }
  }
}

function bodyOf(type: string, value: unknown, tooLarge: boolean): string | undefined {
  const filling = tooLarge ? 'x'.repeat(2 * 1024 * 1024) : ''
  if (type === 'application/json') {
    return JSON.stringify(tooLarge ? { filling } : value)
  }
  if (type === 'application/x-www-form-urlencoded') {
    return new URLSearchParams(
      tooLarge ? { filling } : (value as Record<string, string>)
    ).toString()
  }
  if (type === 'multipart/form-data') {
    const head = 'content-disposition: form-data; name="file"; filename="tasks.csv"'
    const csv = `title\r\n${filling || 'Paint the door'}`
    return `--b\r\n${head}\r\ncontent-type: text/csv\r\n\r\n${csv}\r\n--b--\r\n`
  }
  return undefined
}

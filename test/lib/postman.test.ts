import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { toPostman } from '../../src/lib/postman.ts'

const contract = JSON.parse(
  readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')
)
const collection = toPostman(contract)
const requests = collection.item.flatMap(({ item }) => item)
const find = (id: string) => requests.find((request) => request.id === id)
const linesOf = (id: string) => find(id)?.event[0]?.script.exec.join('\n') ?? ''

t.test('every operation is a request in the folder of its tag', async (t) => {
  const operations = Object.values(
    contract.paths as Record<string, Record<string, { operationId: string }>>
  ).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
  t.strictSame(requests.map(({ id }) => id).sort(), operations.sort())
  t.strictSame(
    collection.item.map(({ name }) => name),
    contract.tags.map(({ name }: { name: string }) => name)
  )
})

t.test(
  'base URL and token are variables; operations without authentication send no token',
  async (t) => {
    t.strictSame(
      collection.variable.map(({ key }) => key),
      ['baseUrl', 'token', 'adminToken', 'refresh_token']
    )
    t.match(collection.auth, { type: 'bearer', bearer: [{ value: '{{token}}' }] })
    t.match(find('login')?.request, {
      auth: { type: 'noauth' },
      url: { raw: '{{baseUrl}}/api/v1/auth/login' }
    })
    t.notOk('auth' in (find('getMe')?.request ?? { auth: 1 }))
  }
)

t.test('requests that need a role send the token of an admin, which a login stores', async (t) => {
  for (const id of ['listUsers', 'createIpBan', 'getStatistics', 'listAuditEvents']) {
    t.match(find(id)?.request, { auth: { type: 'bearer', bearer: [{ value: '{{adminToken}}' }] } })
  }
  t.notMatch(JSON.stringify(find('listTasks')), 'adminToken')
  for (const id of ['register', 'login', 'createToken', 'refreshTokens']) {
    const variables: Record<string, string> = {}
    const pm = (role: string) => ({
      test: () => {},
      response: {
        code: id === 'register' ? 201 : 200,
        json: () => ({ access_token: role, refresh_token: 'r', user: { role } })
      },
      collectionVariables: { set: (key: string, value: string) => (variables[key] = value) }
    })
    for (const role of ['admin', 'user']) {
      runInNewContext(linesOf(id), { pm: pm(role) })
    }
    t.strictSame(variables, { token: 'user', refresh_token: 'r', adminToken: 'admin' }, id)
  }
})

t.test('folders and requests are in the order in which a newcomer needs them', async (t) => {
  const names = collection.item.map(({ name }) => name)
  t.equal(names[0], 'Auth')
  t.ok(names.indexOf('Tasks') < names.indexOf('AdminUsers'))
  t.ok(names.indexOf('ApiKeys') < names.indexOf('AdminUsers'))
  t.strictSame(
    collection.item[0]?.item.slice(0, 2).map(({ id }) => id),
    ['register', 'login']
  )
  t.equal(collection.item.find(({ name }) => name === 'Tasks')?.item[0]?.id, 'createTask')
})

t.test(
  "a request sends the contract's own example in the media type of the operation",
  async (t) => {
    const { body } = find('createTask')?.request ?? {}
    t.strictSame(JSON.parse(String(body?.raw)), contract.components.schemas.TaskCreate.examples[0])
    t.match(find('createToken')?.request.body, {
      mode: 'urlencoded',
      urlencoded: [{ key: 'grant_type', value: 'password' }]
    })
    t.match(find('createTaskImport')?.request.body, {
      mode: 'formdata',
      formdata: [{ key: 'file', type: 'file' }]
    })
    t.match(find('refreshTokens')?.request.body?.raw, /"refresh_token": "\{\{refresh_token\}\}"/)
  }
)

t.test('a created resource sets the id variables, and a login sets the token', async (t) => {
  t.match(
    linesOf('createTask'),
    /if \(pm\.response\.code === 201\) \{\n.*\n +pm\.collectionVariables\.set\('task_id', body\.id\)/
  )
  t.match(find('getTask')?.request.url, {
    raw: '{{baseUrl}}/api/v1/tasks/:task_id',
    variable: [{ key: 'task_id', value: '{{task_id}}' }]
  })
  for (const id of ['register', 'login', 'createToken', 'refreshTokens']) {
    t.match(linesOf(id), /set\('token', body\.access_token\)/, id)
  }
  t.notMatch(linesOf('getTask'), /set\(/)
})

t.test('a request checks the status against the responses of the contract', async (t) => {
  t.match(linesOf('getMe'), 'pm.expect([200,400,401,403,429,500,503]).to.include(pm.response.code)')
})

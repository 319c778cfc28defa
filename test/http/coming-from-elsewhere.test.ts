import t from 'tap'
import { createTestApp } from '../support/test-app.ts'

const { request, signUp } = await createTestApp(t)
const ann = await signUp()

t.test(
  'an unknown path that is another service’s or nearly ours names the operation',
  async (t) => {
    const meant: [method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, operation: string][] = [
      ['POST', '/api/auth/signup', 'POST /api/v1/auth/register'],
      ['POST', '/api/register', 'POST /api/v1/auth/register'],
      ['POST', '/api/auth/register', 'POST /api/v1/auth/register'],
      ['POST', '/auth/register/', 'POST /api/v1/auth/register'],
      ['POST', '/login', 'POST /api/v1/auth/login'],
      ['POST', '/token', 'POST /api/v1/auth/token'],
      ['POST', '/api/v1/auth/refesh', 'POST /api/v1/auth/refresh'],
      ['POST', '/api/forgot_password', 'POST /api/v1/auth/forgot-password'],
      ['GET', '/api/v1/task', 'GET /api/v1/tasks'],
      ['GET', '/API/V1/TASKS', 'GET /api/v1/tasks'],
      ['POST', '/api/v2/tasks', 'POST /api/v1/tasks'],
      ['DELETE', '/api/tasks/17', 'DELETE /api/v1/tasks/{task_id}'],
      ['PATCH', '/todos/01890000-0000-7000-8000-000000000000', 'PATCH /api/v1/tasks/{task_id}'],
      ['POST', '/api/tasks/upload', 'POST /api/v1/task-imports'],
      ['GET', '/users/me', 'GET /api/v1/me'],
      ['GET', '/healthz', 'GET /health/live'],
      ['GET', '/swagger.json', 'GET /openapi.json']
    ]
    for (const [method, url, operation] of meant) {
      const answer = await request({ method, url })
      t.equal(answer.statusCode, 404, url)
      t.match(answer.json(), { code: 'not_found', detail: `Not found. Did you mean ${operation}?` })
    }
  }
)

t.test('a path that resembles none of ours, or is endless, gets no hint', async (t) => {
  for (const url of [
    '/constructor',
    '/api/v1/constructor',
    '/__proto__',
    '/valueof',
    '/nope',
    '/favicon.ico',
    '/.env',
    '/wp-login.php',
    `/${'tasks/'.repeat(30)}`
  ]) {
    const answer = await request({ url })
    t.equal(answer.statusCode, 404, url)
    t.equal(answer.json().detail, 'Not found.', url)
  }
})

t.test('a field of another service is refused with what it is called here', async (t) => {
  const meant: [field: string, value: unknown, hint: string][] = [
    ['completion', false, 'status: "done"'],
    ['completed', true, 'status: "done"'],
    ['isCompleted', true, 'status: "done"'],
    ['done', true, 'status: "done"'],
    ['content', 'x', 'title'],
    ['notes', 'x', 'description'],
    ['dueDate', '2031-01-01', 'due_date'],
    ['deadline', '2031-01-01', 'due_date'],
    ['labels', [], 'tags'],
    ['assigned_to', 'bob', 'assignee_id']
  ]
  for (const [field, value, hint] of meant) {
    const answer = await ann.post('/api/v1/tasks', { title: 'x', [field]: value })
    t.equal(answer.statusCode, 400, field)
    t.strictSame(answer.json().errors, [
      {
        in: 'body',
        pointer: `/${field}`,
        code: 'unknown_field',
        detail: `${field} is unknown; did you mean ${hint}?`
      }
    ])
  }
  t.equal((await ann.get('/api/v1/tasks')).json().data.length, 0, 'nothing was made')
})

t.test('a query parameter of another service is refused with what it is called here', async (t) => {
  const meant = {
    search: 'q',
    title: 'q',
    completion: 'completed',
    after: 'created_after',
    before: 'created_before',
    user_id: 'owner_id',
    page: 'cursor',
    per_page: 'limit',
    sortBy: 'sort'
  }
  for (const [name, hint] of Object.entries(meant)) {
    const answer = await ann.get(`/api/v1/tasks?${name}=1`)
    t.equal(answer.statusCode, 400, name)
    t.match(answer.json().errors, [
      { pointer: `/${name}`, detail: `${name} is unknown; did you mean ${hint}?` }
    ])
  }
})

t.test('a status or priority of another service is refused with ours', async (t) => {
  const meant = [
    ['status', 'pending', 'todo'],
    ['status', 'in-progress', 'in_progress'],
    ['status', 'In Progress', 'in_progress'],
    ['status', 'completed', 'done'],
    ['priority', 'urgent', 'high'],
    ['priority', 'normal', 'medium']
  ] as const
  for (const [field, value, hint] of meant) {
    const answer = await ann.post('/api/v1/tasks', { title: 'x', [field]: value })
    t.equal(answer.statusCode, 400, value)
    t.match(answer.json().errors, [{ pointer: `/${field}`, code: 'unknown_value' }])
    t.match(answer.json().errors[0].detail, new RegExp(`; did you mean ${hint}\\?$`), value)
  }
})

t.test(
  'a body of another media type is refused with the type that the operation takes',
  async (t) => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const login = await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: 'username=ann&password=x',
      headers: form
    })
    t.equal(login.statusCode, 415)
    t.equal(
      login.json().detail,
      'Send the body as application/json. A form is taken by POST /api/v1/auth/token.'
    )
    const task = await request({
      method: 'POST',
      url: '/api/v1/tasks',
      payload: 'title=x',
      headers: { ...form, authorization: `Bearer ${ann.access_token}` }
    })
    t.equal(task.json().detail, 'Send the body as application/json.')
    const token = await request({
      method: 'POST',
      url: '/api/v1/auth/token',
      payload: '{}',
      headers: { 'content-type': 'application/json' }
    })
    t.equal(token.json().detail, 'Send the body as application/x-www-form-urlencoded.')
  }
)

t.test(
  'the root sends browsers to the console and tells programs where everything is',
  async (t) => {
    const browser = await request({ url: '/', headers: { accept: 'text/html,*/*;q=0.8' } })
    t.equal(browser.statusCode, 302)
    t.equal(browser.headers.location, '/app/')
    t.equal(browser.headers.vary, 'accept')
    const program = await request({ url: '/' })
    t.match(program.json(), { name: 'Tasklane', links: { api: '/api/v1', console: '/app/' } })
    t.notOk('docs' in program.json().links, 'what is turned off is not named')
    const index = await request({ url: '/api/v1' })
    t.equal(index.statusCode, 200)
    t.strictSame(index.json(), program.json())
  }
)

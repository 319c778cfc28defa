import t from 'tap'
import { createTestApp, PASSWORD, SECRET } from '../support/test-app.ts'

const lines: Record<string, unknown>[] = []
const text: string[] = []
const { request, signUp } = await createTestApp(t, {
  onLog: (line) => {
    text.push(line)
    lines.push(JSON.parse(line))
  }
})
const answered = (id: unknown) =>
  lines.filter(({ request_id, msg }) => request_id === id && msg === 'request completed')

t.test('each response has one line: the operation, the caller, the result', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint the door' })
  const { headers } = await ann.read(task)
  t.match(answered(headers['x-request-id']), [
    {
      level: 30,
      operation: 'getTask',
      method: 'GET',
      path: `/api/v1/tasks/${task.id}`,
      status: 200,
      user_id: ann.user.id,
      ms: Number
    }
  ])
  t.equal(answered(headers['x-request-id']).length, 1)
})

t.test('a problem has its code, an anonymous caller has no user', async (t) => {
  const refused = await request({ url: '/api/v1/tasks' })
  const [line] = answered(refused.headers['x-request-id'])
  t.match(line, { operation: 'listTasks', status: 401, code: 'unauthenticated' })
  t.notOk(Object.hasOwn(line ?? {}, 'user_id'))
  const lost = await request({ url: '/nope?token=hidden' })
  t.match(answered(lost.headers['x-request-id']), [
    { path: '/nope', status: 404, code: 'not_found' }
  ])
  const broken = await request({ url: '/%?token=hidden' })
  t.match(answered(broken.headers['x-request-id']), [
    { path: '/%', status: 400, code: 'malformed_request' }
  ])
})

t.test(
  'login attempts are logged, successes with the user and failures without the input',
  async (t) => {
    const ann = await signUp('user', 'ann')
    const good = await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'ann', password: PASSWORD }
    })
    const bad = await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'nobody-here', password: 'wrong-and-hidden' }
    })
    const ofRequest = (id: unknown) => lines.filter(({ request_id }) => request_id === id)
    t.match(ofRequest(good.headers['x-request-id']), [
      { event: 'auth.succeeded', user_id: ann.user.id }
    ])
    t.match(ofRequest(bad.headers['x-request-id']), [
      { event: 'auth.failed', code: 'bad_credentials' }
    ])
  }
)

t.test('no secret of any kind reaches the log, whatever way it takes', async (t) => {
  const eve = await signUp('user', 'eve')
  const form = (payload: string) =>
    request({
      method: 'POST',
      url: '/api/v1/auth/token',
      payload,
      headers: { 'content-type': 'application/x-www-form-urlencoded' }
    })
  await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { username: 'eve', password: 'mistyped-hidden-1' }
  })
  await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { username: 'mistyped-hidden-2', password: PASSWORD }
  })
  await request({
    method: 'POST',
    url: '/api/v1/auth/login?password=mistyped-hidden-3',
    payload: {}
  })
  await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: '{"password":"mistyped-hidden-4',
    headers: { 'content-type': 'application/json' }
  })
  await form(`grant_type=password&username=eve&password=${encodeURIComponent(PASSWORD)}`)
  await form('grant_type=password&username=eve&password=mistyped-hidden-5')
  const next = (
    await request({
      method: 'POST',
      url: '/api/v1/auth/refresh',
      payload: { refresh_token: eve.refresh_token }
    })
  ).json()
  await request({
    method: 'POST',
    url: '/api/v1/auth/refresh',
    payload: { refresh_token: eve.refresh_token }
  })
  await request({
    url: '/api/v1/tasks',
    headers: {
      authorization: 'Bearer forged-hidden-6',
      cookie: 'sid=hidden-7',
      'x-api-key': 'hidden-8'
    }
  })
  await request({ url: `/api/v1/tasks?access_token=${eve.access_token}` })
  await eve.post('/api/v1/tasks', { title: 'body-hidden-9', description: 'body-hidden-10' })
  await eve.get('/api/v1/tasks?q=query-hidden-11')
  const all = text.join('')
  const [, payload = '', signature = ''] = eve.access_token.split('.')
  for (const secret of [
    'hidden',
    PASSWORD,
    encodeURIComponent(PASSWORD),
    SECRET,
    eve.access_token,
    payload,
    signature,
    eve.refresh_token,
    next.refresh_token,
    next.access_token,
    '$argon2'
  ]) {
    t.ok(String(secret).length > 5 && !all.includes(secret), `${String(secret).slice(0, 12)}…`)
  }
  t.ok(text.length > 15)
})

t.test('no input can forge a line', async (t) => {
  const before = text.length
  await request({
    url: '/nope%0a%7b%22level%22:60%7d',
    headers: { 'user-agent': 'x\t{"level":60}' }
  })
  const told = text.slice(before)
  t.ok(told.length > 0)
  for (const line of told) {
    t.equal(line.trimEnd().split('\n').length, 1)
  }
  t.notOk(told.some((line) => JSON.parse(line).level === 60))
})

t.test('the id of a session is logged as a hash, however it was spelled', async (t) => {
  const fay = await signUp('user', 'fay')
  const sid = JSON.parse(
    Buffer.from(fay.access_token.split('.')[1] as string, 'base64url').toString()
  ).sid as string
  const spellings = [sid, sid.toUpperCase(), `%3${sid[0]}${sid.slice(1)}`]
  const end = async (spelling: string) =>
    fay.send({ method: 'DELETE', url: `/api/v1/auth/sessions/${spelling}` })
  const answers = []
  for (const spelling of spellings.toReversed()) {
    answers.push(await end(spelling))
  }
  t.strictSame(
    answers.map(({ statusCode }) => statusCode),
    [204, 401, 401]
  )
  const paths = answers.map(({ headers }) => answered(headers['x-request-id'])[0]?.path)
  t.match(paths[0], /^\/api\/v1\/auth\/sessions\/sha256-[\w-]{16}$/)
  t.equal(new Set(paths).size, 1)
  t.notOk(text.join('').toLowerCase().includes(sid.slice(1)))
})

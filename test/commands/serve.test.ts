import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { call, logIn, startServer } from '../support/command.ts'
import { createTestDatabase, serverUrl } from '../support/database.ts'
import { requestText } from '../support/raw-http.ts'
import { PASSWORD } from '../support/test-app.ts'

const WRITERS = 4
const KILLS = 2

const cwd = t.testdir()
const database = serverUrl === undefined ? undefined : await createTestDatabase()
t.teardown(() => database?.close())
const env: Record<string, string> = {
  DATA_DIR: cwd,
  DRAIN_SECONDS: '1',
  ...(database?.url && { DATABASE_URL: database.url })
}
const tasksOf = async (url: string, token: string): Promise<string[]> => {
  const titles: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await call(`${url}/api/v1/tasks?limit=100${cursor && `&cursor=${cursor}`}`, {
      token
    })
    titles.push(...body.data.map(({ title }: { title: string }) => title))
    cursor = body.pagination.next_cursor
  }
  return titles
}

t.test(
  'a fresh installation is ready by itself, says where, and its first account is its admin',
  async (t) => {
    const { url, stop } = await startServer(t, env, cwd)
    t.match(await call(`${url}/health/ready`), { status: 200, body: { status: 'ready' } })
    const signedUp = await call(`${url}/api/v1/auth/register`, {
      method: 'POST',
      body: { username: 'ann', password: PASSWORD }
    })
    t.match(signedUp, { status: 201, body: { user: { role: 'admin' } } })
    t.equal(
      (
        await call(`${url}/api/v1/tasks`, {
          method: 'POST',
          token: signedUp.body.access_token,
          body: { title: 'Paint the door' }
        })
      ).status,
      201
    )
    const { code, stdout } = await stop('SIGTERM')
    t.equal(code, 0)
    t.match(stdout, /is ready after/)
    t.match(stdout, new RegExp(`Docs +${url}/docs`))
    t.match(stdout, /curl -X POST .*register/)
  }
)

t.test('after kill -9, again and again, every task that was acknowledged is there', async (t) => {
  const acknowledged = ['Paint the door']
  for (let round = 0; round < KILLS; round++) {
    const { url, stop } = await startServer(t, env, cwd)
    const token = await logIn(url, 'ann')
    t.ok(token, 'the account and the signing secret are kept')
    // Killed while all of them write: some have been answered, some not.
    const enough = Promise.withResolvers<void>()
    let written = 0
    const writer = async (name: number) => {
      for (let i = 0; ; i++) {
        const title = `${round}/${name}/${i}`
        const answer = await call(`${url}/api/v1/tasks`, {
          method: 'POST',
          token,
          body: { title }
        }).catch(() => undefined)
        if (!answer) {
          return
        }
        if (answer.status === 201) {
          acknowledged.push(title)
        }
        if (++written === 40) {
          enough.resolve()
        }
      }
    }
    const writers = Array.from({ length: WRITERS }, (_, name) => writer(name))
    await enough.promise
    await stop('SIGKILL')
    await Promise.all(writers)
  }
  const { url, stop } = await startServer(t, env, cwd)
  const kept = new Set(await tasksOf(url, await logIn(url, 'ann')))
  t.ok(acknowledged.length > KILLS * 40)
  t.strictSame(
    acknowledged.filter((title) => !kept.has(title)),
    []
  )
  t.equal((await stop('SIGTERM')).code, 0)
})

t.test(
  'asked to leave, the server is no longer ready, still serves, ends what runs and goes',
  async (t) => {
    const { url, port, child, ended } = await startServer(t, { ...env, LOG_LEVEL: 'info' }, cwd)
    const token = await logIn(url, 'ann')
    const body = '{"title":"Half said before, half after"}'
    const socket = connect({ host: '127.0.0.1', port })
    await once(socket, 'connect')
    let answer = ''
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text
    })
    socket.write(
      requestText(
        'POST /api/v1/tasks',
        {
          Connection: 'keep-alive',
          Authorization: `Bearer ${token}`,
          'Content-Type': 'application/json',
          'Content-Length': String(body.length)
        },
        body.slice(0, 10)
      )
    )
    child.kill('SIGTERM')
    let ready = await call(`${url}/health/ready`)
    while (ready.status === 200) {
      ready = await call(`${url}/health/ready`)
    }
    t.match(ready, { status: 503, body: { code: 'unavailable' } })
    t.equal(ready.headers.get('connection'), 'close')
    t.equal(
      (await call(`${url}/api/v1/tasks`, { token })).status,
      200,
      'who has not noticed is served'
    )
    socket.write(body.slice(10))
    await once(socket, 'close')
    t.match(answer, /^HTTP\/1\.1 201 .*connection: close.*Half said before, half after/is)
    const { code, stdout } = await ended
    t.equal(code, 0)
    t.match(stdout, /"reason":"SIGTERM"/)
    await t.rejects(call(`${url}/health/live`), 'nobody is there any more')
  }
)

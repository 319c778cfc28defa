import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { call, logIn, runCommand, startServer } from '../support/command.ts'
import { createTestDatabase, serverUrl, skipWithoutServer as skip } from '../support/database.ts'
import { childrenOf, processesOf } from '../support/processes.ts'
import { PASSWORD } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

const database = serverUrl === undefined ? undefined : await createTestDatabase()
t.teardown(() => database?.close())
const env = {
  DATABASE_URL: database?.url ?? '',
  WEB_CONCURRENCY: '2',
  DATABASE_POOL_SIZE: '4',
  DRAIN_SECONDS: '1',
  RATE_LIMIT: 'on',
  RATE_LIMIT_READS: '100',
  RATE_LIMIT_CREATES: '1000000',
  RATE_LIMIT_AUTH: '1000'
}

const STARTS_MS = 120_000

t.test('several processes on the embedded database are rejected at startup', async (t) => {
  t.match(await runCommand(t, ['serve'], { env: { WEB_CONCURRENCY: '2' } }), {
    code: 1,
    stderr: /WEB_CONCURRENCY above 1 needs DATABASE_URL/
  })
})

t.test(
  'the reason that keeps a process from starting is printed, and the supervisor exits',
  { skip },
  async (t) => {
    const { port, stop } = await startServer(t, env, t.testdir())
    t.match(await runCommand(t, ['serve'], { env: { ...env, PORT: String(port) } }), {
      code: 1,
      stderr: /^Port \d+ is already in use on 127\.0\.0\.1\. .* set PORT to a free port/
    })
    t.equal((await stop('SIGINT')).code, 0)
  }
)

t.test(
  'processes share their limits without Redis: of 200 requests, many at once, exactly 100 pass',
  { skip },
  async (t) => {
    const server = await startServer(t, env, t.testdir())
    const { body } = await call(`${server.url}/api/v1/auth/register`, {
      method: 'POST',
      body: { username: 'ann', password: PASSWORD }
    })
    t.equal(processesOf(server).length, 2)
    const read = () => call(`${server.url}/api/v1/tasks`, { token: body.access_token })
    const answers = []
    // Where the primary process takes longer than 100 ms, a process counts for itself.
    for (let sent = 0; sent < 200; sent += 20) {
      answers.push(...(await Promise.all(Array.from({ length: 20 }, read))))
    }
    t.equal(answers.filter(({ status }) => status === 200).length, 100)
    t.equal(answers.filter(({ status }) => status === 429).length, 100)
    t.equal((await server.stop('SIGTERM')).code, 0)
  }
)

t.test('a process that dies is replaced', { skip }, async (t) => {
  const server = await startServer(t, env, t.testdir())
  const before = processesOf(server)
  process.kill(before[0] as number, 'SIGKILL')
  await waitUntil(
    'the replacement',
    () => processesOf(server).filter((pid) => pid !== before[0]).length === 2,
    STARTS_MS
  )
  t.equal((await server.stop('SIGTERM')).code, 0)
})

t.test(
  'a process that is killed while it starts is started again, and ends none of the others',
  { skip },
  async (t) => {
    const others = childrenOf(process.pid)
    const starting = startServer(t, env, t.testdir())
    const supervisor = () => childrenOf(process.pid).find((pid) => !others.includes(pid))
    const children = () => {
      const pid = supervisor()
      return pid === undefined ? [] : childrenOf(pid)
    }
    await waitUntil('the second process', () => children().length === 2, STARTS_MS)
    const [first, second] = children() as [number, number]
    process.kill(second, 'SIGKILL')
    const server = await starting
    const now = processesOf(server)
    t.equal(now.length, 2)
    t.ok(now.includes(first), 'the first is the same')
    t.notOk(now.includes(second))
    t.equal((await server.stop('SIGTERM')).code, 0)
  }
)

t.test('SIGHUP replaces every process while no request fails', { skip }, async (t) => {
  const server = await startServer(t, env, t.testdir())
  const token = await logIn(server.url, 'ann')
  const before = processesOf(server)
  let isOver = false
  const statuses: number[] = []
  const writer = async () => {
    while (!isOver) {
      statuses.push(
        (
          await call(`${server.url}/api/v1/tasks`, {
            method: 'POST',
            token,
            body: { title: 'x' },
            headers: { connection: 'keep-alive' }
          })
        ).status
      )
    }
  }
  const writers = [writer(), writer(), writer(), writer()]
  server.child.kill('SIGHUP')
  await waitUntil(
    'the replacement of both',
    () => {
      const now = processesOf(server)
      return now.length === 2 && now.every((pid) => !before.includes(pid))
    },
    STARTS_MS
  )
  isOver = true
  await Promise.all(writers)
  t.strictSame([...new Set(statuses)], [201])
  t.ok(statuses.length > 10)
  t.equal((await server.stop('SIGTERM')).code, 0)
})

t.test(
  'when the configuration after SIGHUP cannot start, the old processes go on, and one that dies is replaced',
  { skip },
  async (t) => {
    const folder = t.testdir()
    const server = await startServer(t, env, folder)
    const [first, second] = processesOf(server) as [number, number]
    let log = ''
    server.child.stdout?.on('data', (text) => {
      log += text
    })
    writeFileSync(join(folder, '.env'), 'SMTP_URL=nonsense\n')
    server.child.kill('SIGHUP')
    await waitUntil(
      'the refusal',
      () => log.includes('the processes were not all replaced'),
      STARTS_MS
    )
    t.strictSame(processesOf(server), [first, second])
    rmSync(join(folder, '.env'))
    process.kill(first, 'SIGKILL')
    await waitUntil(
      'the replacement',
      () => {
        const now = processesOf(server)
        return now.length === 2 && now.includes(second) && !now.includes(first)
      },
      STARTS_MS
    )
    await logIn(server.url, 'ann')
    t.equal((await server.stop('SIGTERM')).code, 0)
  }
)

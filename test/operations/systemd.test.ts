import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { freePort, startPostgres, withoutPostgres } from '../support/postgres-server.ts'
import { childrenOf } from '../support/processes.ts'
import { ROOT } from '../support/tools.ts'
import { waitUntil } from '../support/wait-until.ts'

const UNITS = ['tasklane.service', 'tasklane-worker.service']
const STARTS_MS = 120_000

/** A unit of the documents, with the place of this copy instead of theirs. */
const unit = (name: string): string =>
  readFileSync(join(ROOT, 'docs/examples', name), 'utf8').replaceAll('/opt/tasklane/', ROOT)
const settingOf = (text: string, key: string): string =>
  new RegExp(`^${key}=(.*)$`, 'm').exec(text.replaceAll(/\\\n\s*/g, ''))?.[1] ?? ''

const withoutSystemd =
  spawnSync('systemd-analyze', ['--version']).status !== 0 &&
  'systemd is not installed on this machine'

t.test('systemd finds nothing wrong with the units', { skip: withoutSystemd }, async (t) => {
  const folder = t.testdir(Object.fromEntries(UNITS.map((name) => [name, unit(name)])))
  for (const name of UNITS) {
    const args = ['verify', '--man=no', join(folder, name)]
    const { status, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' })
    t.strictSame([status, stderr], [0, ''], name)
  }
})

/** A database with the two roles that production needs. */
async function settings(t: Test): Promise<string[]> {
  const { port, admin } = await startPostgres(t)
  await admin(async (sql) => {
    await sql.unsafe('create role migrator login')
    await sql.unsafe('alter database tasklane owner to migrator')
  })
  return [
    `DATABASE_URL=postgres://app@127.0.0.1:${port}/tasklane`,
    `DATABASE_MIGRATION_URL=postgres://migrator@127.0.0.1:${port}/tasklane`,
    'JWT_SECRET=Vq8mC2xT5bN7zR1kW4yH6jL9pS3dF0gA',
    'EMAIL_ENABLED=off',
    'WEB_CONCURRENCY=2',
    'DRAIN_SECONDS=0'
  ]
}

/** Starts what a unit says, in the folder with its settings. */
function start(t: Test, text: string, cwd: string) {
  const [program = '', ...args] = settingOf(text, 'ExecStart').split(' ')
  const [name = '', value] = settingOf(text, 'Environment').split('=')
  const child = spawn(program, args, {
    cwd,
    env: { [name]: value },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (more) => {
    said += more
  })
  return { child, said: () => said, ended: once(child, 'exit') }
}

t.test(
  'the unit serves in production, a reload takes new settings without an end, and a stop is clean',
  { skip: withoutPostgres },
  async (t) => {
    const text = unit('tasklane.service')
    t.equal(settingOf(text, 'Environment'), 'NODE_ENV=production')
    const cwd = t.testdir()
    const port = await freePort()
    const common = [...(await settings(t)), `PORT=${port}`]
    const write = (...more: string[]) =>
      writeFileSync(join(cwd, '.env'), [...common, ...more].join('\n'))
    write()
    const { child, said, ended } = start(t, text, cwd)
    const pid = child.pid as number
    const statusOf = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`).then(
        ({ status }) => status,
        () => 0
      )
    // A process that is still starting would be ended by the signal.
    await waitUntil('two processes', () => /all server processes serve/.test(said()), STARTS_MS)
    await waitUntil('the start', async () => (await statusOf('/health/ready')) === 200, STARTS_MS)
    t.equal(await statusOf('/app/'), 200)

    const before = childrenOf(pid)
    write('CONSOLE_ENABLED=off')
    const reload = settingOf(text, 'ExecReload').replace('$MAINPID', String(pid))
    t.equal(spawnSync('sh', ['-c', reload]).status, 0)
    // As a whole control group gets it from systemctl kill.
    for (const each of before) {
      process.kill(each, 'SIGHUP')
    }
    await waitUntil(
      'the replacement of both',
      () => {
        const now = childrenOf(pid)
        return now.length === 2 && now.every((each) => !before.includes(each))
      },
      STARTS_MS
    )
    t.equal(await statusOf('/health/ready'), 200)
    t.equal(await statusOf('/app/'), 404, 'the new settings count')

    child.kill('SIGTERM')
    t.strictSame(await ended, [0, null])
  }
)

t.test('the unit of the worker works and stops', { skip: withoutPostgres }, async (t) => {
  const cwd = t.testdir({ '.env': (await settings(t)).join('\n') })
  const { child, said, ended } = start(t, unit('tasklane-worker.service'), cwd)
  await waitUntil('the start', () => said().includes('Running background jobs'), STARTS_MS)
  child.kill('SIGTERM')
  t.strictSame(await ended, [0, null])
})

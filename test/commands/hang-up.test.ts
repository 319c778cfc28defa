import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { call, startServer } from '../support/command.ts'
import { waitUntil } from '../support/wait-until.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
/** `script` of util-linux gives a program a terminal. */
const skip = !existsSync('/usr/bin/script') && 'needs /usr/bin/script to have a terminal'

t.test('SIGHUP ends no single server that is a service, and the log says why', async (t) => {
  const cwd = t.testdir()
  const server = await startServer(t, { DATA_DIR: cwd, DRAIN_SECONDS: '0' }, cwd)
  const said = new Promise<string>((resolve) => {
    server.child.stdout?.on('data', (text: string) => text.includes('SIGHUP') && resolve(text))
    server.ended.then(({ stdout }) => resolve(stdout))
  })
  server.child.kill('SIGHUP')
  t.match(
    await said,
    '"msg":"SIGHUP was ignored: it replaces processes where WEB_CONCURRENCY is above 1"'
  )
  t.equal((await call(`${server.url}/health/live`)).status, 200)
  t.equal((await server.stop('SIGTERM')).code, 0)
})

t.test('a server in a terminal ends when the terminal is closed', { skip }, async (t) => {
  const cwd = t.testdir()
  const terminal = spawn(
    '/usr/bin/script',
    ['-qec', `'${process.execPath}' '${CLI}' serve`, '/dev/null'],
    {
      cwd,
      env: { PATH: process.env.PATH, DATA_DIR: cwd, PORT: '0', DRAIN_SECONDS: '0' },
      stdio: ['pipe', 'pipe', 'inherit']
    }
  )
  t.teardown(() => terminal.kill('SIGKILL'))
  const url = await new Promise<string>((resolve) => {
    let screen = ''
    terminal.stdout.setEncoding('utf8').on('data', (text) => {
      screen += text
      const [found] = /http:\/\/127\.0\.0\.1:\d+(?=\/api\/v1\/auth)/.exec(screen) ?? []
      if (found) {
        resolve(found)
      }
    })
  })
  t.equal((await fetch(`${url}/health/live`)).status, 200)
  terminal.kill('SIGKILL')
  await waitUntil('the end of the server', () =>
    fetch(`${url}/health/live`).then(
      () => false,
      () => true
    )
  )
})

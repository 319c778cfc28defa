import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { runCommand, startServer } from '../support/command.ts'

t.test('what keeps a server from starting is said in a sentence, without a stack', async (t) => {
  const cwd = t.testdir({ file: '' })
  const { port, stop } = await startServer(t, { DATA_DIR: `${cwd}/first`, DRAIN_SECONDS: '0' }, cwd)
  const used = String(port)
  const refusals: [env: Record<string, string>, words: RegExp][] = [
    [
      { DATA_DIR: `${cwd}/second`, PORT: used },
      /^Port \d+ is already in use on 127\.0\.0\.1\. .* or set PORT to a free port, such as PORT=\d+\.\n$/
    ],
    [
      { DATA_DIR: `${cwd}/second`, METRICS_PORT: used },
      /^Port \d+ is already in use on 127\.0\.0\.1\. .* or set METRICS_PORT to a free port/
    ],
    [
      { DATA_DIR: `${cwd}/second`, HOST: '192.0.2.1', ALLOW_PUBLIC_DEVELOPMENT: 'on' },
      /^This machine has no IP address 192\.0\.2\.1\. Correct HOST\.\n$/
    ],
    [{ DATA_DIR: `${cwd}/first` }, /is in use by another Tasklane process \(pid \d+\)/],
    [
      { DATA_DIR: '/proc/tasklane/data' },
      /^Nothing can be written to the data directory \/proc\/tasklane\/data: it cannot be created there\. Set [^\n]+\n$/
    ],
    [
      { DATA_DIR: '/sys' },
      /^Nothing can be written to the data directory \/sys: [^.]+\. Set DATA_DIR/
    ],
    [
      { DATA_DIR: `${cwd}/file/below` },
      /^Nothing can be written to [^:]+: a part of its path is no directory\. Set DATA_DIR/
    ],
    [
      { DATA_DIR: `${cwd}/file` },
      /^Nothing can be written to [^:]+: there is something else of that name\. Set DATA_DIR/
    ],
    [
      { DATA_DIR: `${cwd}/third`, LOG_FILE: cwd },
      /^LOG_FILE [^ ]+ cannot be written: it is a directory\.\n$/
    ],
    [
      { NODE_ENV: 'production', PORT: 'http' },
      /PORT must be a whole number\n.*JWT_SECRET is required/s
    ]
  ]
  for (const [env, words] of refusals) {
    const { code, stderr } = await runCommand(t, ['serve'], { env, cwd })
    t.equal(code, 1, String(words))
    t.match(stderr, words)
    t.notMatch(stderr, /\n +at /)
  }
  t.equal((await stop('SIGTERM')).code, 0)
})

t.test('a server that still waits for its database leaves when it is asked to', async (t) => {
  const waiting = spawn(process.execPath, ['src/cli.ts', 'serve'], {
    env: {
      ...process.env,
      NODE_ENV: '',
      PORT: '0',
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none'
    },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => waiting.kill('SIGKILL'))
  const closed = once(waiting, 'close')
  let text = ''
  await new Promise<void>((resolve) => {
    waiting.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
      if (text.includes('waiting for the database')) {
        resolve()
      }
    })
  })
  waiting.kill('SIGTERM')
  await closed
  t.equal(waiting.exitCode, 0)
})

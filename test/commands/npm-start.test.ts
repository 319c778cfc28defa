import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { openDatabase } from '../../src/db/client.ts'

type Running = ChildProcessByStdio<null, Readable, Readable>

/** Tasklane in a process of its own, embedded and on a free port unless `env` says otherwise. */
function run (t: Test, command: string, args: string[], env: Record<string, string>) {
  const child: Running = spawn(command, args, { env: { ...process.env, NODE_ENV: '', DATABASE_URL: '', PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => { text += chunk })
  const ended = once(child, 'close')
  t.teardown(() => child.kill('SIGKILL'))
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', () => { if (text.includes('is ready')) resolve() })
    ended.then(() => { reject(new Error(text)) })
  })
  ready.catch(() => {})
  return { child, ready, ended, text: () => text }
}

t.test('npm start serves until npm ends, however it ends, and leaves the data directory free', async (t) => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const dataDir = t.testdir()
    const npm = run(t, 'npm', ['start'], { DATA_DIR: dataDir })
    await npm.ready
    npm.child.kill(signal)
    // The pipe is closed when the last process that holds it has gone: the server, not npm.
    await npm.ended
    const database = await openDatabase({ dataDir, pool: 2 })
    await database.close()
    t.pass(signal)
  }
})

t.test('what keeps a server from starting is said in a sentence, without a stack', async (t) => {
  const dataDir = t.testdir()
  const serve = (env: Record<string, string>) => run(t, process.execPath, ['src/cli.ts', 'serve'], env)
  const first = serve({ DATA_DIR: `${dataDir}/first`, DRAIN_SECONDS: '0' })
  await first.ready
  const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(first.text())?.[1] ?? ''
  const refusals: [env: Record<string, string>, words: RegExp][] = [
    [{ DATA_DIR: `${dataDir}/second`, PORT: port }, /address already in use 127\.0\.0\.1:\d+/],
    [{ DATA_DIR: `${dataDir}/first` }, /is in use by another Tasklane process \(pid \d+\)/],
    [{ DATA_DIR: `${dataDir}/second`, LOG_FILE: dataDir }, /EISDIR/],
    [{ NODE_ENV: 'production', PORT: 'http' }, /PORT must be a whole number\n.*JWT_SECRET is required/s]
  ]
  await Promise.all(refusals.map(async ([env, words]) => {
    const refused = serve(env)
    await refused.ended
    t.match(refused.text(), words)
    t.notMatch(refused.text(), /\n +at /)
    t.equal(refused.child.exitCode, 1)
  }))
  first.child.kill('SIGTERM')
  await first.ended
  t.equal(first.child.exitCode, 0)
})

t.test('a server that still waits for its database leaves when it is asked to', async (t) => {
  const waiting = run(t, process.execPath, ['src/cli.ts', 'serve'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })
  await new Promise<void>((resolve) => { waiting.child.stdout.on('data', () => { if (waiting.text().includes('waiting for the database')) resolve() }) })
  waiting.child.kill('SIGTERM')
  await waiting.ended
  t.equal(waiting.child.exitCode, 0)
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { contractViolations } from './contract.ts'
import { PATIENT_MS } from './database.ts'
import { PASSWORD } from './test-app.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}
export interface Server {
  child: ChildProcess
  url: string
  port: number
  stop: (signal: NodeJS.Signals) => Promise<Ended>
  ended: Promise<Ended>
}

/** The test that stops what is still running at its end. */
type Owner = Pick<Test, 'teardown'>

/** Passes to a child only how to find programs. It runs in `cwd`, where there is no `.env`. */
const environment = (env: Record<string, string>) => ({
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '',
  HOST: '127.0.0.1',
  PORT: '0',
  RATE_LIMIT: 'off',
  MAX_EVENT_LOOP_DELAY_MS: '0',
  DATABASE_POOL_TIMEOUT_MS: String(PATIENT_MS),
  LOG_LEVEL: 'warn',
  ...env
})

/** Starts a command. The embedded database is compiled quickly rather than for a long run: half of the start. */
function launch(t: Owner, args: string[], env: Record<string, string>, cwd: string) {
  const child = spawn(process.execPath, ['--liftoff-only', CLI, ...args], {
    cwd,
    env: environment(env),
    stdio: ['pipe', 'pipe', 'pipe']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text) => {
      said[name] += text
    })
  }
  // A command that refuses at once does not read what we write to it.
  child.stdin.on('error', () => {})
  const ended: Promise<Ended> = once(child, 'close').then(([code]) => ({ code, ...said }))
  return { child, said, ended }
}

/** Runs a command to its end. */
export function runCommand(
  t: Test,
  args: string[],
  {
    env = {},
    cwd = t.testdir(),
    input = ''
  }: { env?: Record<string, string>; cwd?: string; input?: string } = {}
): Promise<Ended> {
  const { child, ended } = launch(t, args, env, cwd)
  child.stdin.end(input)
  return ended
}

/** Starts a server and waits until it says where it is. */
export async function startServer(
  t: Owner,
  env: Record<string, string>,
  cwd: string
): Promise<Server> {
  const { child, said, ended } = launch(t, ['serve'], env, cwd)
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on('data', () => {
      // In production there is no banner, only a line of the log.
      const found = /http:\/\/127\.0\.0\.1:(\d+)|"port":(\d+),"msg":"listening"/.exec(said.stdout)
      if (found) {
        resolve(Number(found[1] ?? found[2]))
      }
    })
    ended.then(({ code, stdout, stderr }) =>
      reject(new Error(`the server ended with ${code}: ${stdout}${stderr}`))
    )
  })
  return {
    child,
    port,
    url: `http://127.0.0.1:${port}`,
    ended,
    stop: (signal) => {
      child.kill(signal)
      return ended
    }
  }
}

/** Starts a worker and waits until it says that it works. */
export async function startWorker(
  t: Test,
  env: Record<string, string>,
  cwd: string
): Promise<{ stop: Server['stop'] }> {
  const { child, said, ended } = launch(t, ['worker'], env, cwd)
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', () => {
      if (said.stdout.includes('Running background jobs')) {
        resolve()
      }
    })
    ended.then(({ code, stdout, stderr }) =>
      reject(new Error(`the worker ended with ${code}: ${stdout}${stderr}`))
    )
  })
  return {
    stop: (signal) => {
      child.kill(signal)
      return ended
    }
  }
}

/** Asks a server; the connection is not kept, so that it has nothing to wait for when it leaves. */
export async function call(
  url: string,
  {
    method = 'GET',
    body,
    token,
    headers = {}
  }: { method?: string; body?: object; token?: string; headers?: Record<string, string> } = {}
) {
  const answer = await fetch(url, {
    method,
    headers: {
      connection: 'close',
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers
    },
    ...(body && { body: JSON.stringify(body) })
  })
  const text = await answer.text()
  const faults = contractViolations(method, new URL(url).pathname, {
    statusCode: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: text
  })
  if (faults.length > 0) {
    throw new Error(
      `the contract lies about ${method} ${url} → ${answer.status}: ${faults.join('; ')}`
    )
  }
  return {
    status: answer.status,
    headers: answer.headers,
    body: text === '' ? undefined : JSON.parse(text)
  }
}

export async function logIn(url: string, username: string, password = PASSWORD): Promise<string> {
  return (await call(`${url}/api/v1/auth/login`, { method: 'POST', body: { username, password } }))
    .body.access_token
}

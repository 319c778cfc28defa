import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { freePort, unprivileged } from './postgres-server.ts'

/** `PGBOUNCER` is the path of another one than the system's. */
const PROGRAMS = [process.env.PGBOUNCER, 'pgbouncer', '/usr/sbin/pgbouncer']
/** Since this version it carries prepared statements from one server connection to another. */
const PREPARES_FROM = 1.21

const found = PROGRAMS.filter((program) => program !== undefined)
  .map((program) => ({ program, version: versionOf(program) }))
  .find(({ version }) => version !== undefined)
export const pgbouncerVersion = found?.version
export const carriesPrepared = Number(found?.version) >= PREPARES_FROM
/** Why tests behind PgBouncer cannot run here, or false. */
export const withoutPgbouncer: string | false =
  found === undefined ? 'PgBouncer is not installed on this machine' : false

/** What SCALABILITY.md asks of an operator, and what keeps a test from waiting. */
const SETTINGS = {
  pool_mode: 'transaction',
  listen_addr: '127.0.0.1',
  unix_socket_dir: '',
  auth_type: 'trust',
  max_client_conn: '400',
  query_wait_timeout: '3',
  server_lifetime: '1800',
  server_login_retry: '1',
  server_connect_timeout: '3',
  log_connections: '0',
  log_disconnections: '0',
  ...(carriesPrepared && { max_prepared_statements: '200' })
}

/** Starts a PgBouncer before the server of `url`, for every database of it. It ends with the test. */
export async function startPgbouncer(
  t: Pick<Test, 'teardown'>,
  url: string,
  more: Record<string, string> = {}
) {
  const { username, pathname } = new URL(url)
  const folder = mkdtempSync(join(tmpdir(), 'tasklane-pooler-'))
  const port = await freePort()
  const user = unprivileged()
  writeConfiguration(folder, url, { listen_port: String(port), ...more })
  if (user.uid !== undefined) {
    chownSync(folder, user.uid, user.gid as number)
  }
  let pooler: ChildProcess | undefined

  const start = async (): Promise<void> => {
    pooler = spawn(found?.program as string, [join(folder, 'ini')], {
      ...user,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe']
    })
    await untilUp(pooler)
  }
  const kill = async (): Promise<void> => {
    const child = pooler
    pooler = undefined
    if (child) {
      await killAndWait(child)
    }
  }
  const lastResort = () => {
    pooler?.kill('SIGKILL')
  }
  process.once('exit', lastResort)
  t.teardown(async () => {
    process.removeListener('exit', lastResort)
    await kill()
    rmSync(folder, { recursive: true, force: true })
  })
  await start()
  return { url: `postgres://${username}@127.0.0.1:${port}${pathname}`, start, kill }
}

function writeConfiguration(folder: string, url: string, more: Record<string, string>): void {
  const { hostname, port, username } = new URL(url)
  const settings = { ...SETTINGS, auth_file: join(folder, 'users'), ...more }
  writeFileSync(settings.auth_file, `"${username}" ""\n`)
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`)
  writeFileSync(
    join(folder, 'ini'),
    `[databases]\n* = host=${hostname} port=${port}\n[pgbouncer]\n${lines.join('')}`
  )
}

async function untilUp(child: ChildProcess): Promise<void> {
  const lines = []
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
    lines.push(line)
    if (line.includes('process up')) {
      child.stderr?.resume()
      return
    }
  }
  throw new Error(`PgBouncer did not start: ${lines.join('\n')}`)
}

async function killAndWait(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) {
    return
  }
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

function versionOf(program: string): string | undefined {
  try {
    return /\d+\.\d+/.exec(
      execFileSync(program, ['--version'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore']
      })
    )?.[0]
  } catch {
    return undefined
  }
}

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  accessSync,
  chownSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Sql } from 'postgres'
import type { Test } from 'tap'

const DEBIAN = '/usr/lib/postgresql'
/** How a server stops: in order but not waiting for clients, at once, or because its first process is killed. */
const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT', crash: 'SIGKILL' } as const
/** The limits that README asks an operator to put on the application's role. */
const ROLE_LIMITS = {
  statement_timeout: '3s',
  lock_timeout: '2s',
  idle_in_transaction_session_timeout: '10s',
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '2',
  tcp_keepalives_count: '3'
}

/** Ends the server even when the test is killed and cannot do it itself: then the pipe on fd 0 closes. */
const GUARDIAN =
  'exec 3<&0; "$@" & server=$!; { cat <&3; kill -QUIT $server; kill -CONT $server; } 2>/dev/null & wait $server'

export const binaries = findBinaries()
/** Why tests that stop a server cannot run here, or false. */
export const withoutPostgres: string | false =
  binaries === undefined ? 'PostgreSQL is not installed on this machine' : false

export type PostgresServer = Awaited<ReturnType<typeof startPostgres>>

/** How long the children of a killed server may hold its shared memory, and how often a start is tried meanwhile. */
const CHILDREN_MS = 10_000
const RETRY_MS = 20
const CLOSE_SECONDS = 5

export interface PostgresOptions {
  /** The content of a backup, to start from instead of an empty cluster. */
  backup?: string
  settings?: Record<string, string>
  /** An empty folder for its data or its write-ahead log, each of which can be a volume of its own. */
  volume?: { folder: string; holds: 'data' | 'wal' } | undefined
}

/** What is needed to start a cluster again, and what runs of it. */
interface Cluster {
  program: (name: string) => string
  /** How its programs are spawned. */
  options: { uid?: number; gid?: number; cwd: string; env: NodeJS.ProcessEnv }
  folder: string
  data: string
  port: number
  settings: string[]
  guardian?: ChildProcess | undefined
  frozen: number[]
}

/** Nothing here has to survive a power cut. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  fsync: 'off',
  max_connections: '60',
  shared_buffers: '32MB',
  log_min_messages: 'log',
  logging_collector: 'off'
}

/** Starts a PostgreSQL cluster that the test may stop, freeze and start again. It is deleted at the end of the test. */
export async function startPostgres(t: Pick<Test, 'teardown'>, given: PostgresOptions = {}) {
  const cluster = await prepareCluster(given)
  t.teardown(async () => {
    thaw(cluster)
    await stop(cluster, 'immediate')
    rmSync(cluster.folder, { recursive: true, force: true })
  })
  if (given.backup === undefined) {
    await initialize(cluster, given.volume)
  }
  await start(cluster)
  if (given.backup === undefined) {
    await asAdmin(cluster.port, createApplicationDatabase)
  }
  const admin = <T>(work: (sql: Sql) => Promise<T>): Promise<T> => asAdmin(cluster.port, work)
  return {
    url: `postgres://app@127.0.0.1:${cluster.port}/tasklane`,
    port: cluster.port,
    /** Resolves when the server lets clients in. */
    start: () => start(cluster),
    /** Resolves when the server has ended. `immediate` is as good as pulling the plug. */
    stop: (how: keyof typeof SIGNALS = 'fast') => stop(cluster, how),
    /** Stops every process of the server where it is; the kernel goes on accepting connections for it. */
    freeze: () => freeze(cluster),
    thaw: () => thaw(cluster),
    /** Runs statements as superuser on a connection of their own. */
    admin,
    /** Ends every session of the application, as a failover or an operator would. */
    terminateBackends: () => admin(terminateBackends)
  }
}

async function prepareCluster(given: PostgresOptions): Promise<Cluster> {
  if (binaries === undefined) {
    throw new Error(String(withoutPostgres))
  }
  const user = unprivileged()
  const folder = mkdtempSync(join(tmpdir(), 'tasklane-pg-'))
  for (const own of [folder, ...(given.volume ? [given.volume.folder] : [])]) {
    if (user.uid !== undefined && user.gid !== undefined) {
      chownSync(own, user.uid, user.gid)
    }
  }
  const home = given.volume?.holds === 'data' ? given.volume.folder : folder
  return {
    program: (name) => join(binaries, name),
    options: { ...user, cwd: folder, env: { LC_ALL: 'C.UTF-8', PATH: process.env.PATH } },
    folder,
    data: given.backup ?? join(home, 'data'),
    port: await freePort(),
    settings: Object.entries({ ...SETTINGS, ...given.settings }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`
    ]),
    frozen: []
  }
}

async function initialize(cluster: Cluster, volume: PostgresOptions['volume']): Promise<void> {
  const { program, data, folder, options } = cluster
  // In segments so small that a volume for them can be small as well.
  const writeAheadLog = {
    data: ['--waldir', join(folder, 'wal')],
    wal: ['--waldir', join(volume?.folder ?? folder, 'wal'), '--wal-segsize=1'],
    nothing: []
  }[volume?.holds ?? 'nothing']
  const superuser = ['-U', 'postgres', '-A', 'trust']
  const locale = ['-E', 'UTF8', '--locale=C']
  await promisify(execFile)(
    program('initdb'),
    ['-D', data, ...superuser, ...locale, '--no-sync', ...writeAheadLog],
    options
  )
}

async function createApplicationDatabase(sql: Sql): Promise<void> {
  await sql`create role app login`
  for (const [name, value] of Object.entries(ROLE_LIMITS)) {
    await sql.unsafe(`alter role app set ${name} = '${value}'`)
  }
  await sql`create database tasklane owner app`
}

async function start(cluster: Cluster): Promise<void> {
  const giveUpAt = performance.now() + CHILDREN_MS
  while (!(await launch(cluster))) {
    if (performance.now() > giveUpAt) {
      throw new Error('PostgreSQL did not start')
    }
    await pause(RETRY_MS)
  }
  // The stream stopped with the last line that was read, and a server that cannot write its log hangs.
  cluster.guardian?.stderr?.resume()
}

/** Returns false when something of the server before is still running. */
async function launch(cluster: Cluster): Promise<boolean> {
  const { program, data, port, folder, settings, options } = cluster
  const server = [program('postgres'), '-D', data, '-p', String(port), '-k', folder, ...settings]
  const child = spawn('sh', ['-c', GUARDIAN, 'sh', ...server], {
    ...options,
    stdio: ['pipe', 'ignore', 'pipe']
  })
  cluster.guardian = child
  for await (const line of createInterface({ input: child.stderr })) {
    if (/ready to accept (read-only )?connections/.test(line)) {
      return true
    }
    if (line.includes('is still in use') || line.includes('already exists')) {
      if (child.exitCode === null) {
        await once(child, 'exit')
      }
      child.stdin.end()
      return false
    }
  }
  throw new Error('PostgreSQL did not start')
}

async function stop(cluster: Cluster, how: keyof typeof SIGNALS): Promise<void> {
  const child = cluster.guardian
  cluster.guardian = undefined
  if (!child || child.exitCode !== null) {
    return
  }
  const exited = once(child, 'exit')
  try {
    process.kill(postmasterOf(cluster), SIGNALS[how])
  } catch (error) {
    // It is about to end by itself.
    if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code as string)) {
      throw error
    }
  }
  await exited
  child.stdin?.end()
}

async function freeze(cluster: Cluster): Promise<void> {
  await asAdmin(
    cluster.port,
    async (sql) => {
      // Connected first: once the postmaster is frozen, no new connection is let in.
      await sql`select 1`
      const first = postmasterOf(cluster)
      process.kill(first, 'SIGSTOP')
      const backends = await sql<{ pid: number; mine: boolean }[]>`
        select pid, pid = pg_backend_pid() as mine
        from pg_stat_activity
        order by 2`
      cluster.frozen = [...backends.map(({ pid }) => pid), first]
      for (const pid of cluster.frozen) {
        process.kill(pid, 'SIGSTOP')
      }
    },
    0
  )
}

function thaw(cluster: Cluster): void {
  for (const pid of cluster.frozen) {
    process.kill(pid, 'SIGCONT')
  }
  cluster.frozen = []
}

const postmasterOf = ({ data }: Cluster): number =>
  Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])

/** Runs statements as superuser, and waits so many seconds for the connection to close. */
async function asAdmin<T>(
  port: number,
  work: (sql: Sql) => Promise<T>,
  closeSeconds = CLOSE_SECONDS
): Promise<T> {
  const { default: postgres } = await import('postgres')
  const sql = postgres({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    max: 1,
    onnotice() {}
  })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: closeSeconds })
  }
}

async function terminateBackends(sql: Sql): Promise<number> {
  const ended =
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'`
  return ended.length
}

/** PostgreSQL refuses to run as root; its packages bring a user for it. */
export function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) {
    return {}
  }
  const [, , uid, gid] =
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((line) => line.startsWith('postgres:'))
      ?.split(':') ?? []
  if (uid === undefined) {
    throw new Error('the user postgres is needed to start PostgreSQL as root')
  }
  return { uid: Number(uid), gid: Number(gid) }
}

function findBinaries(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  try {
    folders.unshift(
      ...readdirSync(DEBIAN)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(DEBIAN, version, 'bin'))
    )
  } catch {
    /* not Debian's layout */
  }
  return folders.find((folder) =>
    ['initdb', 'postgres'].every((name) => isProgram(join(folder, name)))
  )
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

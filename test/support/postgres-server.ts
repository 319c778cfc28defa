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
/** How a server stops: in order without its clients, at once, or because its first process is killed. */
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

/** Ends the server also when the test is killed and can no longer do it: then the pipe on fd 0 closes. */
const GUARDIAN =
  'exec 3<&0; "$@" & server=$!; { cat <&3; kill -QUIT $server; kill -CONT $server; } 2>/dev/null & wait $server'

export const binaries = findBinaries()
/** Why tests that stop a server cannot run here, or false. */
export const withoutPostgres: string | false =
  binaries === undefined ? 'PostgreSQL is not installed on this machine' : false

export type PostgresServer = Awaited<ReturnType<typeof startPostgres>>

/** How long the children of a killed server may hold its shared memory, and how often it is tried meanwhile. */
const CHILDREN_MS = 10_000
const RETRY_MS = 20

export interface PostgresOptions {
  /** The content of a backup, to start from instead of an empty cluster. */
  backup?: string
  settings?: Record<string, string>
  /** An empty folder for its data or its write-ahead log, each of which can be a volume of its own. */
  volume?: { folder: string; holds: 'data' | 'wal' } | undefined
}

/** A PostgreSQL cluster of the test's own, which it may stop, freeze and start again. It goes with the test. */
export async function startPostgres(
  t: Pick<Test, 'teardown'>,
  { backup, settings: given = {}, volume }: PostgresOptions = {}
) {
  if (binaries === undefined) {
    throw new Error(withoutPostgres as string)
  }
  const program = (name: string) => join(binaries, name)
  const person = unprivileged()
  const folder = mkdtempSync(join(tmpdir(), 'tasklane-pg-'))
  const options = { ...person, cwd: folder, env: { LC_ALL: 'C.UTF-8', PATH: process.env.PATH } }
  if (person.uid !== undefined) {
    chownSync(folder, person.uid, person.gid as number)
  }
  if (volume !== undefined && person.uid !== undefined) {
    chownSync(volume.folder, person.uid, person.gid as number)
  }
  const data = backup ?? join(volume?.holds === 'data' ? volume.folder : folder, 'data')
  // In segments so small that a volume for them can be small as well.
  const ahead = {
    data: ['--waldir', join(folder, 'wal')],
    wal: ['--waldir', join(volume?.folder ?? folder, 'wal'), '--wal-segsize=1'],
    nothing: []
  }[volume?.holds ?? 'nothing']
  const port = await freePort()
  const settings = Object.entries({ ...SETTINGS, ...given }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`
  ])
  let guardian: ChildProcess | undefined
  let frozen: number[] = []
  const postmaster = () => Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])

  /** Resolves when the server lets clients in. */
  const start = async (): Promise<void> => {
    const giveUpAt = performance.now() + CHILDREN_MS
    while (!(await launch())) {
      if (performance.now() > giveUpAt) {
        throw new Error('PostgreSQL did not start')
      }
      await pause(RETRY_MS)
    }
    // Whoever stops reading lines stops the stream, and a server that cannot write its log stands still.
    guardian?.stderr?.resume()
  }
  /** False when what was left of the server before is still there. */
  const launch = async (): Promise<boolean> => {
    const child = spawn(
      'sh',
      [
        '-c',
        GUARDIAN,
        'sh',
        program('postgres'),
        '-D',
        data,
        '-p',
        String(port),
        '-k',
        folder,
        ...settings
      ],
      { ...options, stdio: ['pipe', 'ignore', 'pipe'] }
    )
    guardian = child
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

  /** Resolves when it has gone. `immediate` is as good as pulling the plug. */
  const stop = async (how: keyof typeof SIGNALS = 'fast'): Promise<void> => {
    const child = guardian
    guardian = undefined
    if (!child || child.exitCode !== null) {
      return
    }
    const gone = once(child, 'exit')
    try {
      process.kill(postmaster(), SIGNALS[how])
    } catch (error) {
      // It is about to go by itself.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code as string)) {
        throw error
      }
    }
    await gone
    child.stdin?.end()
  }

  /** Stops every process of the server where it stands; the kernel goes on accepting connections for it. */
  const freeze = async (): Promise<void> => {
    await admin(async (sql) => {
      // Connected first: once the postmaster stands still, nobody new is let in.
      await sql`select 1`
      const first = postmaster()
      process.kill(first, 'SIGSTOP')
      const backends = await sql<
        { pid: number; mine: boolean }[]
      >`select pid, pid = pg_backend_pid() as mine from pg_stat_activity order by 2`
      frozen = [...backends.map(({ pid }) => pid), first]
      for (const pid of frozen) {
        process.kill(pid, 'SIGSTOP')
      }
    }, 0)
  }
  const thaw = (): void => {
    for (const pid of frozen) {
      process.kill(pid, 'SIGCONT')
    }
    frozen = []
  }

  /** Runs statements as superuser on a connection of their own. */
  const admin = async <T>(work: (sql: Sql) => Promise<T>, patienceSeconds = 5): Promise<T> => {
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
      await sql.end({ timeout: patienceSeconds })
    }
  }

  /** Ends every session of the application, as a failover or an operator would. */
  const terminateBackends = () =>
    admin((sql) =>
      sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'`.then(
        (rows) => rows.length
      )
    )

  t.teardown(async () => {
    thaw()
    await stop('immediate')
    rmSync(folder, { recursive: true, force: true })
  })

  const url = `postgres://app@127.0.0.1:${port}/tasklane`
  const server = { url, port, start, stop, freeze, thaw, admin, terminateBackends }
  if (backup !== undefined) {
    await start()
    return server
  }
  await promisify(execFile)(
    program('initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
      ...ahead
    ],
    options
  )
  await start()
  await admin(async (sql) => {
    await sql`create role app login`
    for (const [name, value] of Object.entries(ROLE_LIMITS)) {
      await sql.unsafe(`alter role app set ${name} = '${value}'`)
    }
    await sql`create database tasklane owner app`
  })
  return server
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

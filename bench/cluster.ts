import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import {
  binaries,
  freePort,
  unprivileged,
  withoutPostgres
} from '../test/support/postgres-server.ts'

/** As an operator would run it on a small machine: nothing that loses data is switched off. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  max_connections: '100',
  shared_buffers: '1GB',
  effective_cache_size: '4GB',
  maintenance_work_mem: '512MB',
  max_wal_size: '4GB',
  jit: 'off',
  log_min_messages: 'fatal'
}
/** Kept between runs, since filling a million tasks takes minutes. */
const FOLDER = join(tmpdir(), 'tasklane-bench')

export interface Cluster {
  urlOf(database: string): string
  pid: number
  stop(): Promise<void>
}

/** Starts a PostgreSQL of the benchmark's own, with the data of the run before if there was one. */
export async function startCluster(): Promise<Cluster> {
  if (binaries === undefined) {
    throw new Error(withoutPostgres as string)
  }
  const person = unprivileged()
  const data = join(FOLDER, 'data')
  mkdirSync(FOLDER, { recursive: true })
  if (person.uid !== undefined) {
    chownSync(FOLDER, person.uid, person.gid as number)
  }
  const options = { ...person, cwd: FOLDER, env: { LC_ALL: 'C.UTF-8', PATH: process.env.PATH } }
  if (!existsSync(data)) {
    await promisify(execFile)(
      join(binaries, 'initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8'],
      options
    )
  }
  const port = await freePort()
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(
    join(binaries, 'postgres'),
    ['-D', data, '-p', String(port), '-k', FOLDER, ...settings],
    { ...options, stdio: ['ignore', 'ignore', 'pipe'] }
  )
  server.stderr.on('data', () => {})
  process.once('exit', () => {
    server.kill('SIGINT')
  })
  const urlOf = (database: string) => `postgres://postgres@127.0.0.1:${port}/${database}`
  await untilReady(urlOf('postgres'))
  return {
    urlOf,
    pid: server.pid as number,
    stop: async () => {
      server.kill('SIGINT')
      await once(server, 'exit')
    }
  }
}

/** Runs pgbench with one statement, prepared, and gives its transactions per second. Undefined where pgbench is not installed. */
export async function pgbench(
  url: string,
  script: string,
  clients: number,
  seconds: number
): Promise<number | undefined> {
  if (binaries === undefined || !existsSync(join(binaries, 'pgbench'))) {
    return undefined
  }
  const child = spawn(
    join(binaries, 'pgbench'),
    [
      '-n',
      '-M',
      'prepared',
      '-c',
      String(clients),
      '-j',
      '1',
      '-T',
      String(seconds),
      '-f',
      '-',
      url
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] }
  )
  child.stdin.end(script)
  for await (const line of createInterface({ input: child.stdout })) {
    const found = /^tps = ([\d.]+)/.exec(line)
    if (found) {
      return Number(found[1])
    }
  }
  throw new Error('pgbench gave no result')
}

/** Five minutes: after a run that was killed, the server first reads again what it had written. */
const MAX_TRIES = 3000

async function untilReady(url: string): Promise<void> {
  const { default: postgres } = await import('postgres')
  for (let tries = 0; ; tries++) {
    const sql = postgres(url, { max: 1, onnotice() {} })
    try {
      await sql`select 1`
      return
    } catch (error) {
      if (tries > MAX_TRIES) {
        throw error
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    } finally {
      await sql.end()
    }
  }
}

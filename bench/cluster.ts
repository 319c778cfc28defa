import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  binaries,
  freePort,
  unprivileged,
  withoutPostgres
} from '../test/support/postgres-server.ts'

/** Settings for a small machine in production: nothing that protects data is off. */
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
/** Reused by later runs: inserting a million tasks takes minutes. */
const FOLDER = join(tmpdir(), 'tasklane-bench')

export interface Cluster {
  urlOf(database: string): string
  pid: number
  stop(): Promise<void>
}

/** Starts a PostgreSQL for benchmarks, with the data of the previous run if there was one. */
export async function startCluster(): Promise<Cluster> {
  if (binaries === undefined) {
    throw new Error(withoutPostgres as string)
  }
  const osUser = unprivileged()
  const data = join(FOLDER, 'data')
  mkdirSync(FOLDER, { recursive: true })
  if (osUser.uid !== undefined) {
    chownSync(FOLDER, osUser.uid, osUser.gid as number)
  }
  const options = { ...osUser, cwd: FOLDER, env: { LC_ALL: 'C.UTF-8', PATH: process.env.PATH } }
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
  await waitUntilReady(urlOf('postgres'))
  await createServingRole(urlOf('postgres'))
  return {
    urlOf,
    pid: server.pid as number,
    stop: async () => {
      server.kill('SIGINT')
      await once(server, 'exit')
    }
  }
}

/** Five minutes: after a crash, PostgreSQL first replays its write-ahead log. */
const MAX_ATTEMPTS = 3000
const RETRY_MS = 100

const SERVING_ROLE = 'tasklane'

/** Returns the URL of a database of the cluster with the role that production is served by: not a superuser. */
export const asServingRole = (url: string): string =>
  url.replace('//postgres@', `//${SERVING_ROLE}@`)

async function createServingRole(url: string): Promise<void> {
  const { default: postgres } = await import('postgres')
  const admin = postgres(url, { max: 1, onnotice() {} })
  const roles = await admin`select from pg_roles where rolname = ${SERVING_ROLE}`
  if (roles.length === 0) {
    await admin.unsafe(`create role ${SERVING_ROLE} login`)
  }
  await admin.end()
}

async function waitUntilReady(url: string): Promise<void> {
  const { default: postgres } = await import('postgres')
  for (let attempts = 0; ; attempts++) {
    const sql = postgres(url, { max: 1, onnotice() {} })
    try {
      await sql`SELECT 1`
      return
    } catch (error) {
      if (attempts > MAX_ATTEMPTS) {
        throw error
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    } finally {
      await sql.end()
    }
  }
}

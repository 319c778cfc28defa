import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import autocannon, { type Request, type Result } from 'autocannon'

/** The kernel's clock ticks in /proc (USER_HZ). */
const TICKS_PER_SECOND = 100
const PROBE_PAUSE_MS = 100
export const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** The arguments of `npm start`, V8 flags included. */
export const START: string[] = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts.start as string
)
  .split(' ')
  .slice(1)
  .map((word) => (/\.(ts|cjs)$/.test(word) ? join(ROOT, word) : word))

export interface Server {
  origin: string
  child: ChildProcess
  stop(): Promise<void>
}
/** The result of one round: CPU in microseconds per request, latency in milliseconds, memory in megabytes. */
export interface Round {
  rps: number
  p50: number
  p99: number
  nodeCpu: number
  databaseCpu: number
  /** Of the server and the database together. */
  cpu: number
  memory: number
}

/** Starts a server on `port` and waits until it responds. Its output goes to a file, as in production. */
export async function startServer(
  script: string[],
  port: number,
  env: Record<string, string>,
  probePath: string,
  logFile: string
): Promise<Server> {
  const log = openSync(logFile, 'a')
  const child = spawn(process.execPath, script, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, PORT: String(port), ...env },
    stdio: ['ignore', log, log]
  })
  const origin = `http://127.0.0.1:${port}`
  const stopNow = () => {
    child.kill('SIGKILL')
  }
  process.once('exit', stopNow)
  for (;;) {
    if (child.exitCode !== null) {
      throw new Error(`${script.join(' ')} ended with ${child.exitCode}; see ${logFile}`)
    }
    if (await isServing(origin + probePath)) {
      break
    }
    await pause(PROBE_PAUSE_MS)
  }
  return {
    origin,
    child,
    stop: async () => {
      process.off('exit', stopNow)
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }
}

const isServing = (url: string): Promise<boolean> =>
  fetch(url).then(
    (response) => response.status < 500,
    () => false
  )

export interface Load {
  requests: (turn: number) => Request
  connections: number
  seconds: number
}

/**
 * Sends requests to a server for some seconds. Each is built from its number, to spread the load over owners. Throws
 * when one of them fails: a response that is an error costs something else.
 */
export async function runLoad(
  server: Server,
  databasePid: number | undefined,
  { requests, connections, seconds }: Load
): Promise<Round> {
  const pids = () => processTree(server.child.pid as number)
  const database = () => (databasePid === undefined ? [] : processTree(databasePid))
  const cpuBefore = { node: cpuOf(pids()), database: cpuOf(database()) }
  let turn = 0
  const result = await autocannon({
    url: server.origin,
    connections,
    duration: seconds,
    requests: [{ setupRequest: (request: Request) => ({ ...request, ...requests(turn++) }) }]
  })
  const failures = failuresOf(result)
  if (failures !== '') {
    throw new Error(`Requests to ${server.origin} failed: ${failures}.`)
  }
  const served = result.requests.total
  const nodeCpu = ((cpuOf(pids()) - cpuBefore.node) / served) * 1e6
  const databaseCpu = ((cpuOf(database()) - cpuBefore.database) / served) * 1e6
  return {
    rps: result.requests.average,
    p50: result.latency.p50,
    p99: result.latency.p99,
    nodeCpu,
    databaseCpu,
    cpu: nodeCpu + databaseCpu,
    memory: pids().reduce((sum, pid) => sum + memoryOf(pid), 0)
  }
}

/** Says how many requests failed in which way; nothing when none did. */
function failuresOf({ statusCodeStats = {}, errors, timeouts }: Result): string {
  const counts: Record<string, number> = { 'without a response': errors, 'timed out': timeouts }
  for (const [status, { count }] of Object.entries(statusCodeStats)) {
    if (!status.startsWith('2')) {
      counts[`with status ${status}`] = count ?? 0
    }
  }
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ')
}

export const packageVersion = (name: string): string =>
  JSON.parse(readFileSync(createRequire(import.meta.url).resolve(`${name}/package.json`), 'utf8'))
    .version

/** Returns a process and its descendants. */
function processTree(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), Number(fieldsOf(Number(name))[1])] as const)
  const children = (of: number): number[] =>
    parents.filter(([, parent]) => parent === of).flatMap(([child]) => [child, ...children(child)])
  return [pid, ...children(pid)]
}

/** Reads the fields of /proc/PID/stat from the third on. */
function fieldsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
  } catch {
    return []
  }
}

/** Sums up the seconds of CPU that processes have used, in user and kernel mode. */
const cpuOf = (pids: number[]): number =>
  pids.reduce(
    (sum, pid) =>
      sum + (Number(fieldsOf(pid)[11] ?? 0) + Number(fieldsOf(pid)[12] ?? 0)) / TICKS_PER_SECOND,
    0
  )

/** Reads the resident memory of a process in megabytes: the current one, or its peak (VmHWM). */
export function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

/**
 * npm run bench:import: an import of many rows over HTTP beside COPY of the same rows into the same table, on one
 * server: rows per second, their ratio, the memory of the process, and the latency of other callers' lists meanwhile.
 * Uses a PostgreSQL of its own, or that of BENCH_DATABASE_URL, whose role may create databases; ROWS is 1 000 000 by
 * default.
 */
import { spawn } from 'node:child_process'
import { createReadStream, mkdtempSync, openAsBlob, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { type Cluster, startCluster } from './cluster.ts'
import { createTask, type Session, send, signUp } from './import-client.ts'
import { writeImportFiles } from './import-files.ts'
import { memoryOf, START } from './measure.ts'

const ROWS = Number(process.env.ROWS ?? 1_000_000)
/** The pause between two lists of another caller. */
const PROBE_PAUSE_MS = 10
const POLL_MS = 200
const IDLE_MS = 10_000
const OTHER_OWNERS = 100
const TASKS_PER_OWNER = 1000
/** Tasks of the caller who lists during the import. */
const LISTED_TASKS = 200

const INSERT_OTHER_OWNERS = `
  INSERT INTO users (id, username, role)
  SELECT gen_random_uuid(), 'other-' || n, 'user'
  FROM generate_series(1, $1::int) n`
const INSERT_OTHER_TASKS = `
  INSERT INTO tasks (owner_id, id, title, status, priority, tags)
  SELECT id, gen_random_uuid(), 'Task ' || n, 'todo', 'medium', '{}'
  FROM users, generate_series(1, $1::int) n
  WHERE username LIKE 'other-%'`

/** How long an import took in seconds, its upload alone, and the latencies of lists meanwhile. */
interface ImportTimes {
  total: number
  upload: number
  duringUpload: number[]
  duringWork: number[]
}

const cluster = process.env.BENCH_DATABASE_URL === undefined ? await startCluster() : undefined
const serverUrl = process.env.BENCH_DATABASE_URL ?? (cluster as Cluster).urlOf('postgres')
const folder = mkdtempSync(join(tmpdir(), 'tasklane-bench-'))
const database = `tasklane_bench_${process.pid}`
const url = Object.assign(new URL(serverUrl), { pathname: `/${database}` }).href
const admin = postgres(serverUrl, { max: 1, onnotice() {} })
await admin.unsafe(`CREATE DATABASE ${database}`)
const sql = postgres(url, { max: 2, onnotice() {} })
let server: ReturnType<typeof spawn> | undefined
try {
  await run(await startServer())
} finally {
  server?.kill('SIGKILL')
  await sql.end()
  await admin.unsafe(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
  await admin.end()
  await cluster?.stop()
  rmSync(folder, { recursive: true })
}

async function run(origin: string): Promise<void> {
  const importer = await signUp(origin, 'ann')
  const other = await signUp(origin, 'bob')
  const files = await writeImportFiles(folder, importer.id, ROWS)
  console.log(`${ROWS} rows, ${(statSync(files.upload).size / 1e6).toFixed(0)} MB`)

  const copySeconds = await measureSeconds(() => copy(files.copy))
  console.log(
    `COPY    ${copySeconds.toFixed(1)} s   ${rate(copySeconds)} rows/s   (tasks alone, no history)`
  )
  await sql.unsafe('TRUNCATE tasks, task_events')
  await insertOtherOwners()
  await sql.unsafe('CHECKPOINT')
  for (let i = 0; i < LISTED_TASKS; i++) {
    await createTask(other, `Task ${i}`)
  }

  const idle = await probeLists(other, pause(IDLE_MS))
  const idleMb = memory().now
  // Resets the peak, which is that of the start so far (proc(5), clear_refs).
  writeFileSync(`/proc/${server?.pid}/clear_refs`, '5')
  const times = await importFile(importer, other, files.upload)
  await printImport(importer.id, copySeconds, times)
  console.log(`memory  ${idleMb} MB before, ${memory().peak} MB at most`)
  printLatencies(idle, times)
}

/** Adds other owners and statistics: on an empty database, the planner would choose to read all rows. */
async function insertOtherOwners(): Promise<void> {
  await sql.unsafe(INSERT_OTHER_OWNERS, [OTHER_OWNERS])
  await sql.unsafe(INSERT_OTHER_TASKS, [TASKS_PER_OWNER])
  await sql.unsafe('VACUUM ANALYZE tasks')
}

/** Starts the server and returns the base URL of its API. */
async function startServer(): Promise<string> {
  const child = spawn(process.execPath, START, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: url,
      PORT: '0',
      DATA_DIR: folder,
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'warn',
      IMPORT_MAX_ROWS: String(ROWS),
      IMPORT_MAX_BYTES: '4000000000'
    }
  })
  server = child
  for await (const text of child.stdout.setEncoding('utf8')) {
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text)
    if (found) {
      child.stdout.resume()
      return `${found[0]}/api/v1`
    }
  }
  throw new Error('the server did not start')
}

async function copy(file: string): Promise<void> {
  const target = await sql`
    COPY tasks (
      owner_id, id, title, description, status, priority, due_date, tags, completed_at
    ) FROM STDIN (FORMAT csv)`.writable()
  await pipeline(createReadStream(file, { highWaterMark: 262_144 }), target)
}

/** Imports a file while another caller lists tasks all the time. */
async function importFile(importer: Session, other: Session, file: string): Promise<ImportTimes> {
  let upload = 0
  const importing = measureSeconds(async () => {
    const form = new FormData()
    form.set('file', await openAsBlob(file, { type: 'text/csv' }), 'tasks.csv')
    let id = ''
    upload = await measureSeconds(async () => {
      id = (await send(importer, 'POST', '/task-imports', form)).id
    })
    await waitForImport(importer, id)
  })
  const duringUpload = await probeLists(other, importing, () => upload > 0)
  const duringWork = await probeLists(other, importing)
  return { total: await importing, upload, duringUpload, duringWork }
}

async function waitForImport(importer: Session, id: string): Promise<void> {
  for (;;) {
    const state = await send(importer, 'GET', `/task-imports/${id}`)
    if (state.status === 'succeeded' && state.rows_imported === ROWS) {
      return
    }
    if (!['queued', 'running'].includes(state.status)) {
      throw new Error(JSON.stringify(state))
    }
    await pause(POLL_MS)
  }
}

/** Lists tasks until the work is done, or `isEnough`; returns the latencies in ascending order. */
async function probeLists(
  caller: Session,
  work: Promise<unknown>,
  isEnough = () => false
): Promise<number[]> {
  const latencies: number[] = []
  let isDone = false
  work
    .finally(() => {
      isDone = true
    })
    .catch(() => {})
  while (!isDone && !isEnough()) {
    const startedAt = performance.now()
    await send(caller, 'GET', '/tasks')
    latencies.push(performance.now() - startedAt)
    await pause(PROBE_PAUSE_MS)
  }
  return latencies.sort((a, b) => a - b)
}

async function printImport(
  owner: string,
  copySeconds: number,
  { total, upload }: ImportTimes
): Promise<void> {
  const [{ tasks, events } = { tasks: 0, events: 0 }] = await sql`
    SELECT
      (SELECT count(*)::int FROM tasks WHERE owner_id = ${owner}) AS tasks,
      (SELECT count(*)::int FROM task_events WHERE owner_id = ${owner}) AS events`
  const work = total - upload
  const parts = [
    `upload and staging ${upload.toFixed(1)} s`,
    `work ${work.toFixed(1)} s = ${rate(work)} rows/s; ${tasks} tasks`,
    `${events} events`
  ]
  console.log(`import  ${total.toFixed(1)} s   ${rate(total)} rows/s   (${parts.join(', ')})`)
  const [ratio, workRatio] = [copySeconds / total, copySeconds / work]
  console.log(
    `ratio   ${ratio.toFixed(2)} of COPY from the first byte to the last task; ` +
      `${workRatio.toFixed(2)} for the work alone`
  )
}

function printLatencies(idle: number[], { duringUpload, duringWork }: ImportTimes): void {
  const phases = [
    ['idle', idle],
    ['upload', duringUpload],
    ['work', duringWork]
  ] as const
  for (const [phase, ms] of phases) {
    const [p50, p99, max] = [0.5, 0.99, 1].map((share) => percentile(ms, share).toFixed(1))
    console.log(
      `GET /tasks ${phase.padEnd(6)} p50 ${p50} ms   p99 ${p99} ms   max ${max} ms   ` +
        `(${ms.length} requests)`
    )
  }
  // During the upload this process is busy with sending: that figure says more about the benchmark than the server.
  for (const [phase, ms] of phases.slice(1)) {
    const factor = percentile(ms, 0.99) / percentile(idle, 0.99)
    console.log(`p99     ${factor.toFixed(2)} times the idle one during the ${phase}`)
  }
}

async function measureSeconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return (performance.now() - startedAt) / 1000
}

function memory(): { now: number; peak: number } {
  const pid = server?.pid as number
  return { now: Math.round(memoryOf(pid)), peak: Math.round(memoryOf(pid, 'VmHWM')) }
}

function rate(seconds: number): string {
  return Math.round(ROWS / seconds).toString()
}

function percentile(sorted: number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

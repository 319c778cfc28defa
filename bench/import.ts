/**
 * An import of many rows over HTTP against COPY of the same rows into the same table, in one run on one server:
 * rows per second, their ratio, memory of the process, and what the list costs other callers meanwhile.
 * On a PostgreSQL of the benchmark's own, or on that of BENCH_DATABASE_URL, whose role may create databases; ROWS is
 * 1 000 000 by default.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  createReadStream,
  createWriteStream,
  mkdtempSync,
  openAsBlob,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { type Cluster, startCluster } from './cluster.ts'
import { memoryOf, START } from './measure.ts'

const ROWS = Number(process.env.ROWS ?? 1_000_000)
/** One list every so often, as a person who looks at their tasks. */
const PROBE_MS = 10
const QUIET_MS = 10_000
const NEIGHBOURS = 100
const TASKS_EACH = 1000

const cluster = process.env.BENCH_DATABASE_URL === undefined ? await startCluster() : undefined
const SERVER = process.env.BENCH_DATABASE_URL ?? (cluster as Cluster).urlOf('postgres')
const folder = mkdtempSync(join(tmpdir(), 'tasklane-bench-'))
const name = `tasklane_bench_${process.pid}`
const url = Object.assign(new URL(SERVER), { pathname: `/${name}` }).href
const admin = postgres(SERVER, { max: 1, onnotice() {} })
await admin.unsafe(`create database ${name}`)
const sql = postgres(url, { max: 2, onnotice() {} })
let server: ReturnType<typeof spawn> | undefined
try {
  const { origin } = await start()
  const [ann, bob] = [await signUp(origin, 'ann'), await signUp(origin, 'bob')]
  const files = await writeFiles(ann.id)
  console.log(`${ROWS} rows, ${(statSync(files.upload).size / 1e6).toFixed(0)} MB`)

  const copied = await timed(() => copy(files.copy))
  console.log(`COPY    ${copied.toFixed(1)} s   ${rate(copied)} rows/s   (tasks alone, no history)`)
  await sql.unsafe('truncate tasks, task_events')
  await neighbours()
  await sql.unsafe('checkpoint')

  for (let i = 0; i < 200; i++) {
    await ask(origin, '/tasks', {
      token: bob.token,
      method: 'POST',
      body: JSON.stringify({ title: `Bob ${i}` }),
      type: 'application/json'
    })
  }
  const quiet = await probe(origin, bob.token, pause(QUIET_MS))
  const restingMb = memory().now
  // From here on the peak is that of the import, not of the start and of two sign-ups (proc(5), clear_refs).
  writeFileSync(`/proc/${server?.pid}/clear_refs`, '5')
  let uploaded = 0
  const importing = timed(async () => {
    const form = new FormData()
    form.set('file', await openAsBlob(files.upload, { type: 'text/csv' }), 'tasks.csv')
    const startedAt = performance.now()
    const { id } = await ask(origin, '/task-imports', {
      token: ann.token,
      method: 'POST',
      body: form
    })
    uploaded = (performance.now() - startedAt) / 1000
    for (;;) {
      const state = await ask(origin, `/task-imports/${id}`, { token: ann.token })
      if (state.status === 'succeeded' && state.rows_imported === ROWS) {
        return
      }
      if (!['queued', 'running'].includes(state.status)) {
        throw new Error(JSON.stringify(state))
      }
      await pause(200)
    }
  })
  const arriving = await probe(origin, bob.token, importing, () => uploaded > 0)
  const busy = await probe(origin, bob.token, importing)
  const imported = await importing
  const [{ tasks, events } = { tasks: 0, events: 0 }] =
    await sql`select (select count(*)::int from tasks where owner_id = ${ann.id}) as tasks, (select count(*)::int from task_events where owner_id = ${ann.id}) as events`
  console.log(
    `import  ${imported.toFixed(1)} s   ${rate(imported)} rows/s   (upload and staging ${uploaded.toFixed(1)} s, work ${(imported - uploaded).toFixed(1)} s = ${rate(imported - uploaded)} rows/s; ${tasks} tasks, ${events} events)`
  )
  console.log(
    `ratio   ${(copied / imported).toFixed(2)} of COPY from the first byte to the last task; ${(copied / (imported - uploaded)).toFixed(2)} for the work alone`
  )
  console.log(`memory  ${restingMb} MB before, ${memory().peak} MB at most`)
  for (const [what, ms] of [
    ['quiet', quiet],
    ['upload', arriving],
    ['work', busy]
  ] as const) {
    console.log(
      `GET /tasks ${what.padEnd(6)} p50 ${at(ms, 0.5)} ms   p99 ${at(ms, 0.99)} ms   max ${at(ms, 1)} ms   (${ms.length} requests)`
    )
  }
  // While the file arrives this very process is busy with sending it, so that part says more about us.
  for (const [what, ms] of [
    ['upload', arriving],
    ['work', busy]
  ] as const) {
    console.log(
      `p99     ${(Number(at(ms, 0.99)) / Number(at(quiet, 0.99))).toFixed(2)} times the quiet one during the ${what}`
    )
  }
} finally {
  server?.kill('SIGKILL')
  await sql.end()
  await admin.unsafe(`drop database if exists ${name} with (force)`)
  await admin.end()
  await cluster?.stop()
  rmSync(folder, { recursive: true })
}

/** An installation that is in use, with statistics: in an empty one the planner knows nobody and reads everybody's rows. */
async function neighbours(): Promise<void> {
  await sql`insert into users (id, username, role) select gen_random_uuid(), 'neighbour-' || n, 'user' from generate_series(1, ${NEIGHBOURS}::int) n`
  await sql`insert into tasks (owner_id, id, title, status, priority, tags) select id, gen_random_uuid(), 'Task ' || n, 'todo', 'medium', '{}' from users, generate_series(1, ${TASKS_EACH}::int) n where username like 'neighbour-%'`
  await sql.unsafe('vacuum analyze tasks')
}

async function start(): Promise<{ origin: string }> {
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
      return { origin: `${found[0]}/api/v1` }
    }
  }
  throw new Error('the server did not start')
}

interface Ask {
  token?: string
  method?: string
  body?: string | FormData
  type?: string
}
/** What is looked at in answers. */
interface Answer {
  id: string
  status: string
  rows_imported: number
  access_token: string
  user: { id: string }
}

async function ask(
  origin: string,
  path: string,
  { token, method = 'GET', body, type }: Ask = {}
): Promise<Answer> {
  const answer = await fetch(origin + path, {
    method,
    ...(body && { body }),
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(type && { 'content-type': type })
    }
  })
  if (!answer.ok) {
    throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  }
  return (await answer.json()) as Answer
}

async function signUp(origin: string, username: string): Promise<{ id: string; token: string }> {
  const { user, access_token } = await ask(origin, '/auth/register', {
    method: 'POST',
    body: JSON.stringify({ username, password: 'correct horse battery' }),
    type: 'application/json'
  })
  return { id: user.id, token: access_token }
}

/** The same rows twice: as people upload them, and as COPY takes them. */
async function writeFiles(owner: string): Promise<{ upload: string; copy: string }> {
  const paths = { upload: join(folder, 'upload.csv'), copy: join(folder, 'copy.csv') }
  const [upload, copied] = [createWriteStream(paths.upload), createWriteStream(paths.copy)]
  upload.write('title,description,status,priority,due_date,tags\n')
  for (let i = 1; i <= ROWS; i++) {
    const status = ['todo', 'in_progress', 'done'][i % 3] as string
    const fields = `Task number ${i},Some words about task ${i} of this file,${status},${['low', 'medium', 'high'][i % 3]},2026-${String(1 + (i % 12)).padStart(2, '0')}-15T10:00:00Z`
    const hex = i.toString(16).padStart(12, '0')
    const isRoom = upload.write(`${fields},home|number ${i % 50}\n`)
    const isRoomToo = copied.write(
      `${owner},019f2f6e-7c1a-7${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex},${fields},"{home,number ${i % 50}}",${status === 'done' ? '2026-01-01T00:00:00Z' : ''}\n`
    )
    if (!isRoom) {
      await once(upload, 'drain')
    }
    if (!isRoomToo) {
      await once(copied, 'drain')
    }
  }
  await Promise.all(
    [upload, copied].map(async (stream) => {
      stream.end()
      await once(stream, 'close')
    })
  )
  return paths
}

async function copy(file: string): Promise<void> {
  const target =
    await sql`copy tasks (owner_id, id, title, description, status, priority, due_date, tags, completed_at) from stdin (format csv)`.writable()
  await pipeline(createReadStream(file, { highWaterMark: 262_144 }), target)
}

async function probe(
  origin: string,
  token: string,
  until: Promise<unknown>,
  isEnough = () => false
): Promise<number[]> {
  const times: number[] = []
  let done = false
  until
    .finally(() => {
      done = true
    })
    .catch(() => {})
  while (!done && !isEnough()) {
    const startedAt = performance.now()
    await ask(origin, '/tasks', { token })
    times.push(performance.now() - startedAt)
    await pause(PROBE_MS)
  }
  return times.sort((a, b) => a - b)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
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
function at(sorted: number[], share: number): string {
  return (sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0).toFixed(1)
}

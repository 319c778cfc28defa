import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { openDatabase } from '../../src/db/client.ts'
import { executeRows } from '../../src/db/rows.ts'
import type { TaskImport } from '../../src/features/imports/schema.ts'
import { withoutCitus } from '../support/citus.ts'
import { call, logIn, type Server, startServer, startWorker } from '../support/command.ts'
import { createTestDatabase, serverUrl } from '../support/database.ts'
import { rows, rowsWithParents } from '../support/imports.ts'
import { PASSWORD } from '../support/test-app.ts'

/**
 * The long run, with `TEST_DATABASE_URL` or without:
 * `IMPORT_CRASH_ROWS=20000 IMPORT_CRASH_POINTS=30 TAP_TIMEOUT=7200 node test/faults/import-crash.test.ts`
 */
/** Where the usual run would take longer than a file of the suite may: in a cluster, and through a pooler. */
const isSlow = (await withoutCitus()) === false || process.env.TEST_POOLER_URL !== undefined
const USUAL_ROWS = isSlow ? 2000 : 5000
const ROWS = Number(process.env.IMPORT_CRASH_ROWS ?? USUAL_ROWS)
const POINTS = Number(process.env.IMPORT_CRASH_POINTS ?? (isSlow ? 3 : 6))
const SEED = Number(process.env.IMPORT_CRASH_SEED ?? Math.floor(Math.random() * 2 ** 31))
const PER_IMPORT = 3
const LOOK_MS = 10

const cwd = t.testdir()
const database = serverUrl === undefined ? undefined : await createTestDatabase()
t.teardown(() => database?.close())
const env: Record<string, string> = {
  DATA_DIR: cwd,
  DRAIN_SECONDS: '0',
  ...(database?.url && { DATABASE_URL: database.url })
}

let state = SEED
/** Returns the same points for the same seed (a linear congruential generator, Numerical Recipes). */
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

/** Uploads a file as an import; every second one has ids and parents, whose rows take another way. */
async function send({ url }: Server, token: string, run: number): Promise<TaskImport> {
  const body = new FormData()
  const content = run % 2 === 0 ? rowsWithParents : rows
  body.set('file', new File([content(ROWS, `Run ${run} task`)], 'tasks.csv', { type: 'text/csv' }))
  const response = await fetch(`${url}/api/v1/task-imports`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${token}`, connection: 'close' }
  })
  if (response.status !== 202) {
    throw new Error(await response.text())
  }
  return (await response.json()) as TaskImport
}

/** Polls an import until it has reached a state; throws when it never can. */
async function reached(
  { url }: Server,
  token: string,
  { id }: TaskImport,
  isThere: (now: TaskImport) => boolean
): Promise<TaskImport> {
  for (;;) {
    const { status, body } = await call(`${url}/api/v1/task-imports/${id}`, { token })
    if (status === 200 && isThere(body)) {
      return body
    }
    if (status < 500 && (status !== 200 || isFinal(body))) {
      throw new Error(`the import does not get there: ${status} ${JSON.stringify(body)}`)
    }
    await pause(LOOK_MS)
  }
}

const isFinal = ({ finished_at }: TaskImport): boolean => finished_at !== null

/** Counts what is in the database while no server runs. */
async function contents() {
  const { db, close } = await openDatabase({ url: database?.url, dataDir: cwd, pool: 2 })
  const [found] = await executeRows<{
    tasks: number
    titles: number
    events: number
    below: number
    blocks: number
  }>(
    db,
    sql`
      SELECT
        (SELECT count(*)::int FROM tasks) AS tasks,
        (SELECT count(DISTINCT title)::int FROM tasks) AS titles,
        (SELECT count(*)::int FROM task_events WHERE type = 'task.created') AS events,
        (SELECT count(*)::int FROM tasks WHERE parent_id IS NOT NULL) AS below,
        (SELECT count(*)::int FROM task_import_blocks) AS blocks`
  )
  await close()
  return found
}

t.test(
  'when the server is killed at random points of an import, every row is imported exactly once',
  async (t) => {
    t.comment(`seed ${SEED}`)
    let server = await startServer(t, env, cwd)
    await call(`${server.url}/api/v1/auth/register`, {
      method: 'POST',
      body: { username: 'ann', password: PASSWORD }
    })
    let token = await logIn(server.url, 'ann')
    const runs = Math.ceil(POINTS / PER_IMPORT)
    let inTheMiddle = 0
    for (let run = 0; run < runs; run++) {
      const given = await send(server, token, run)
      for (let kill = 0; kill < PER_IMPORT; kill++) {
        const point = Math.floor((ROWS * (kill + random())) / PER_IMPORT)
        const seen = await reached(
          server,
          token,
          given,
          (now) => now.rows_processed >= point || isFinal(now)
        )
        await server.stop('SIGKILL')
        if (!isFinal(seen)) {
          inTheMiddle++
        }
        server = await startServer(t, env, cwd)
        const startedAt = performance.now()
        token = await logIn(server.url, 'ann')
        const after = await reached(server, token, given, () => true)
        t.ok(after.rows_processed >= seen.rows_processed, 'no reported progress is lost')
        await reached(
          server,
          token,
          given,
          (now) => isFinal(now) || now.rows_processed > after.rows_processed
        )
        const resumedMs = Math.round(performance.now() - startedAt)
        t.comment(
          `run ${run}: killed after ${seen.rows_processed} rows, resumed ${resumedMs} ms after the restart`
        )
      }
      t.match(await reached(server, token, given, isFinal), {
        status: 'succeeded',
        problem: null,
        rows_total: ROWS,
        rows_processed: ROWS,
        rows_imported: ROWS,
        rows_rejected: 0
      })
    }
    const { code, stdout } = await server.stop('SIGTERM')
    t.equal(code, 0)
    t.notMatch(stdout, /import block failed/)
    t.ok(inTheMiddle > 0, `${inTheMiddle} kills hit a running import`)
    t.strictSame(await contents(), {
      tasks: runs * ROWS,
      titles: runs * ROWS,
      events: runs * ROWS,
      below: Math.ceil(runs / 2) * (ROWS - Math.ceil(ROWS / 100)),
      blocks: 0
    })
  }
)

t.test(
  'an import of a killed or stopped worker is continued by another; a server without worker leaves it alone',
  { skip: serverUrl === undefined && 'the embedded database has one process' },
  async (t) => {
    const before = await contents()
    const server = await startServer(t, { ...env, WORKER_ENABLED: 'off' }, cwd)
    const token = await logIn(server.url, 'ann')
    const given = await send(server, token, 1000)
    t.equal(given.status, 'queued')
    let working = await startWorker(t, env, cwd)
    for (const [part, signal] of [
      [0.2, 'SIGKILL'],
      [0.5, 'SIGTERM']
    ] as const) {
      await reached(server, token, given, (now) => now.rows_processed >= ROWS * part)
      const next = await startWorker(t, env, cwd)
      t.equal((await working.stop(signal)).code, signal === 'SIGTERM' ? 0 : null)
      working = next
    }
    t.match(await reached(server, token, given, isFinal), {
      status: 'succeeded',
      rows_imported: ROWS
    })
    t.equal((await working.stop('SIGTERM')).code, 0)
    t.equal((await server.stop('SIGTERM')).code, 0)
    t.strictSame(await contents(), {
      tasks: Number(before?.tasks) + ROWS,
      titles: Number(before?.titles) + ROWS,
      events: Number(before?.events) + ROWS,
      below: Number(before?.below) + ROWS - Math.ceil(ROWS / 100),
      blocks: 0
    })
  }
)

import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { openDatabase } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import type { Task } from '../../src/features/tasks/schema.ts'
import type { Page } from '../../src/http/pagination.ts'
import type { PostgresServer } from './postgres-server.ts'
import { createTestApp, type Person } from './test-app.ts'

export const POOL = 5
export const WORKERS = 8
/** What is promised: a response within five seconds whatever the database does, and service two after its return. */
const RESPONSE_MS = 5000
const RETURN_MS = 2000
/** Allows for a machine that is busy with other tests. */
const MARGIN_MS = 1000

/** Creates the real app on a server that is about to fail, with one user. */
export async function createOutageApp(t: Test, server: PostgresServer) {
  const database = await openDatabase({ url: server.url, dataDir: '', pool: POOL })
  await migrate(database.db)
  const testApp = await createTestApp(t, {
    database: { ...database, url: server.url },
    onLog: () => {}
  })
  return { ...testApp, ann: await testApp.signUp('user', `ann-${uuidv7()}`) }
}

/** What callers were told so far. */
interface Seen {
  created: Set<string>
  /** Tasks of which a 503 said that nothing was changed. */
  notCreated: Set<string>
  /** Responses with 503. */
  unavailable: number
  served: number
  slowest: number
  wrong: string[]
}

/** Concurrent callers: each creates a task, changes it, reads it, lists, and so on, and records the responses. */
export function traffic(t: Test, ann: Person) {
  const seen: Seen = {
    created: new Set(),
    notCreated: new Set(),
    unavailable: 0,
    served: 0,
    slowest: 0,
    wrong: []
  }
  let isOver = false
  let wake = () => {}
  const request = async (call: Call) => {
    const response = await recorded(seen, call)
    wake()
    return response
  }
  const work = async () => {
    while (!isOver) {
      await workOnTask(seen, ann, request)
    }
  }
  const workers = Array.from({ length: WORKERS }, work)
  return {
    seen,
    /** Waits until so many more calls were served or got a 503. */
    async more(what: 'served' | 'unavailable', count: number) {
      const goal = seen[what] + count
      while (seen[what] < goal) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    /** Stops the callers and compares what they were told with what is stored. */
    async settle() {
      isOver = true
      await Promise.all(workers)
      verify(t, seen, await storedTasks(ann))
    }
  }
}

type Call = () => ReturnType<Person['send']>
type Recorded = { status: number; detail: string }

async function recorded(seen: Seen, call: Call): Promise<Recorded> {
  const startedAt = performance.now()
  const { statusCode, headers, body } = await call()
  seen.slowest = Math.max(seen.slowest, performance.now() - startedAt)
  if (statusCode === 503) {
    seen.unavailable++
    if (headers['retry-after'] === undefined) {
      seen.wrong.push('503 without Retry-After')
    }
  } else if (statusCode < 300) {
    seen.served++
  } else {
    seen.wrong.push(`${statusCode} ${body}`)
  }
  return { status: statusCode, detail: statusCode === 503 ? JSON.parse(body).detail : '' }
}

async function workOnTask(
  seen: Seen,
  ann: Person,
  request: (call: Call) => Promise<Recorded>
): Promise<void> {
  const id = uuidv7()
  const created = await request(() =>
    ann.post('/api/v1/tasks', { id, title: 'Paint the door', description: 'x'.repeat(2000) })
  )
  if (created.status === 201) {
    seen.created.add(id)
    await request(() => ann.patch({ id }, { status: 'done' }))
    await request(() => ann.read({ id }))
  } else if (created.detail.includes('Nothing was changed')) {
    seen.notCreated.add(id)
  }
  await request(() => ann.get('/api/v1/tasks?limit=5&status=todo'))
  // A caller that is told to retry later does not retry at once.
  if (created.status === 503) {
    await pause(50)
  }
}

async function storedTasks(ann: Person): Promise<Set<string>> {
  const stored = new Set<string>()
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Page<Task> = (
      await ann.get(`/api/v1/tasks?limit=100${cursor && `&cursor=${cursor}`}`)
    ).json()
    for (const { id } of page.data) {
      stored.add(id)
    }
    cursor = page.pagination.next_cursor
  }
  return stored
}

function verify(t: Test, seen: Seen, stored: Set<string>): void {
  t.strictSame(seen.wrong, [], 'every response was a success or a 503 with Retry-After')
  t.ok(
    seen.slowest <= RESPONSE_MS + MARGIN_MS,
    `the slowest response took ${Math.round(seen.slowest)} ms`
  )
  t.ok(seen.created.size > 0)
  t.strictSame([...seen.created.difference(stored)], [], 'every acknowledged task is stored')
  t.strictSame(
    [...seen.notCreated.intersection(stored)],
    [],
    'no task is stored of which a response said that nothing was changed'
  )
}

/** Waits until all callers are served again, not only the first, and checks that it took no longer than promised. */
export async function untilServed(t: Test, ann: Person): Promise<void> {
  const startedAt = performance.now()
  const everybody = () =>
    Promise.all(
      Array.from({ length: 3 * POOL }, () => ann.post('/api/v1/tasks', { title: 'Are you there?' }))
    )
  while ((await everybody()).some((response) => response.statusCode !== 201)) {
    await pause(20)
  }
  const took = performance.now() - startedAt
  t.ok(took <= RETURN_MS + MARGIN_MS, `served again after ${Math.round(took)} ms`)
}

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
/** The promise: every response within five seconds whatever the database does, and service two after its return. */
const ANSWER_MS = 5000
const RETURN_MS = 2000
/** Allows for a machine that is busy with other tests. */
const MARGIN_MS = 1000

/** The real app on the server that is about to fail, with somebody signed up. */
export async function createOutageApp(t: Test, server: PostgresServer) {
  const database = await openDatabase({ url: server.url, dataDir: '', pool: POOL })
  await migrate(database.db)
  const home = await createTestApp(t, {
    database: { ...database, url: server.url },
    onLog: () => {}
  })
  return { ...home, ann: await home.signUp('user', `ann-${uuidv7()}`) }
}

/** People at work: each creates a task, changes it, reads it, lists, and so on, and remembers what they were told. */
export function traffic(t: Test, ann: Person) {
  let isOver = false
  let wake = () => {}
  const seen = {
    made: new Set<string>(),
    notMade: new Set<string>(),
    refused: 0,
    served: 0,
    slowest: 0,
    wrong: [] as string[]
  }
  const request = async (
    call: () => ReturnType<Person['send']>
  ): Promise<{ status: number; detail: string }> => {
    const startedAt = performance.now()
    const { statusCode, headers, body } = await call()
    seen.slowest = Math.max(seen.slowest, performance.now() - startedAt)
    if (statusCode === 503) {
      seen.refused++
      if (headers['retry-after'] === undefined) {
        seen.wrong.push('503 without Retry-After')
      }
    } else if (statusCode < 300) {
      seen.served++
    } else {
      seen.wrong.push(`${statusCode} ${body}`)
    }
    wake()
    return { status: statusCode, detail: statusCode === 503 ? JSON.parse(body).detail : '' }
  }
  const work = async () => {
    while (!isOver) {
      const id = uuidv7()
      const made = await request(() =>
        ann.post('/api/v1/tasks', { id, title: 'Paint the door', description: 'x'.repeat(2000) })
      )
      if (made.status === 201) {
        seen.made.add(id)
      } else if (made.detail.includes('Nothing was changed')) {
        seen.notMade.add(id)
      }
      if (made.status === 201) {
        await request(() => ann.patch({ id }, { status: 'done' }))
      }
      if (made.status === 201) {
        await request(() => ann.read({ id }))
      }
      await request(() => ann.get('/api/v1/tasks?limit=5&status=todo'))
      // Whoever was told to come back later does not come back at once.
      if (made.status === 503) {
        await pause(50)
      }
    }
  }
  const workers = Array.from({ length: WORKERS }, work)
  return {
    seen,
    /** Waits until so many more calls were served or refused. */
    async more(what: 'served' | 'refused', count: number) {
      const goal = seen[what] + count
      while (seen[what] < goal) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    /** Ends the day and holds what was told against what is there. */
    async settle() {
      isOver = true
      await Promise.all(workers)
      t.strictSame(seen.wrong, [], 'every answer was a success or a 503 with Retry-After')
      t.ok(
        seen.slowest <= ANSWER_MS + MARGIN_MS,
        `the slowest answer took ${Math.round(seen.slowest)} ms`
      )
      const there = new Set<string>()
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: Page<Task> = (
          await ann.get(`/api/v1/tasks?limit=100${cursor && `&cursor=${cursor}`}`)
        ).json()
        for (const { id } of page.data) {
          there.add(id)
        }
        cursor = page.pagination.next_cursor
      }
      t.ok(seen.made.size > 0)
      t.strictSame([...seen.made.difference(there)], [], 'every acknowledged task is there')
      t.strictSame(
        [...seen.notMade.intersection(there)],
        [],
        'no task is there of which it was said that nothing was changed'
      )
    }
  }
}

/** Everybody is served again within the promised time, not only the first to request. */
export async function untilServed(t: Test, ann: Person): Promise<void> {
  const startedAt = performance.now()
  const everybody = () =>
    Promise.all(
      Array.from({ length: 3 * POOL }, () => ann.post('/api/v1/tasks', { title: 'Are you there?' }))
    )
  while ((await everybody()).some((answer) => answer.statusCode !== 201)) {
    await pause(20)
  }
  const took = performance.now() - startedAt
  t.ok(took <= RETURN_MS + MARGIN_MS, `served again after ${Math.round(took)} ms`)
}

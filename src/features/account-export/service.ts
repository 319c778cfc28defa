import type { Readable } from 'node:stream'
import type { Actor, RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { retryRead } from '../../db/retry-read.ts'
import { FILE_LIMITS, streamText } from '../../lib/text-stream.ts'
import { accountDeleted, getUser } from '../identity/service.ts'
import { readOwnEvents, readOwnTasks } from '../tasks/service.ts'

/** Records of one read: at most a megabyte, since long ones would hold up all other requests. */
const READ_ROWS = 50

/** The form of the file, which is its first line: a later one may be read differently. */
const FORMAT = { format: 'tasklane_account', version: 1 }

/** A line of the file. */
export const lineOf = (type: string, data: object): string => `${JSON.stringify({ type, data })}\n`

/**
 * Streams everything that is the caller's own as JSON lines: the account, then its tasks with those in the trash, then
 * their history. Each is read page by page as the reader takes it, and between reads no connection is held.
 */
export async function exportAccount(
  db: Db,
  { caller }: RequestContext,
  paced: <T>(caller: Actor, read: () => Promise<T>) => Promise<T>
): Promise<Readable> {
  const user = await getUser(db, { id: caller.id })
  if (!user) {
    throw accountDeleted()
  }
  const tasks = pages((limit, after?: Task) =>
    paced(caller, () => readOwnTasks(db, caller.id, limit, after))
  )
  const events = pages((limit, after?: TaskEvent) =>
    paced(caller, () => readOwnEvents(db, caller.id, limit, after))
  )
  async function* lines() {
    yield lineOf('export', FORMAT) + lineOf('account', user as object)
    yield* linesOf('task', tasks)
    yield* linesOf('task_event', events)
  }
  return streamText(lines(), FILE_LIMITS)
}

type Task = Awaited<ReturnType<typeof readOwnTasks>>[number]
type TaskEvent = Awaited<ReturnType<typeof readOwnEvents>>[number]

async function* linesOf(type: string, pages: AsyncIterable<object[]>): AsyncGenerator<string> {
  for await (const page of pages) {
    yield page.map((record) => lineOf(type, record)).join('')
  }
}

async function* pages<T>(read: (limit: number, after?: T) => Promise<T[]>): AsyncGenerator<T[]> {
  for (let after: T | undefined; ; ) {
    const from = after
    const page = await retryRead(() => read(READ_ROWS, from))
    yield page
    after = page.at(-1)
    if (page.length < READ_ROWS) {
      return
    }
  }
}

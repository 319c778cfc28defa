import type { Readable } from 'node:stream'
import type { Actor, RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { retryRead } from '../../db/retry-read.ts'
import { FILE_LIMITS, streamText } from '../../lib/text-stream.ts'
import { readOwnComments } from '../comments/service.ts'
import { accountDeleted, getUser } from '../identity/service.ts'
import { readInvitationsFor, readSentInvitations } from '../invitations/service.ts'
import { readMembershipsOf, readOwnMembers, readOwnProjects } from '../projects/service.ts'
import { readOwnEvents, readOwnTasks } from '../tasks/service.ts'

/** Records of one read: at most a megabyte, since long ones would hold up all other requests. */
const READ_ROWS = 50

/** The form of the file, which is its first line: a later one may be read differently. */
const FORMAT = { format: 'tasklane_account', version: 1 }

/** A line of the file. */
export const lineOf = (type: string, data: object): string => `${JSON.stringify({ type, data })}\n`

/**
 * Streams everything that is the caller's own as JSON lines: the account, its projects with their members, to which
 * projects it belongs, its invitations, its tasks with those in the trash, the comments on them and their history.
 * Each is read page by page as the reader takes it, and between reads no connection is held.
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
  const records = <T extends object>(
    type: string,
    read: (db: Db, userId: string, limit: number, after?: T) => Promise<T[]>
  ) =>
    linesOf(
      type,
      pages((limit, after?: T) => paced(caller, () => read(db, caller.id, limit, after)))
    )
  async function* lines() {
    yield lineOf('export', FORMAT) + lineOf('account', user as object)
    yield* records('project', readOwnProjects)
    yield* records('project_member', readOwnMembers)
    yield* records('project_membership', readMembershipsOf)
    yield* records('invitation_sent', readSentInvitations)
    yield* records('invitation_received', readInvitationsFor)
    yield* records('task', readOwnTasks)
    yield* records('task_comment', readOwnComments)
    yield* records('task_event', readOwnEvents)
  }
  return streamText(lines(), FILE_LIMITS)
}

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

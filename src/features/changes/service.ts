import type { Config } from '../../config.ts'
import type { Caller, RequestContext } from '../../core/context.ts'
import type { Deps } from '../../core/deps.ts'
import type { Db } from '../../db/client.ts'
import { changeCursors } from './cursor.ts'
import {
  FIRST_ID,
  type Follower,
  listWithNews,
  readHorizon,
  type TimedPlace
} from './feed.queries.ts'
import { assertSeen, type ReadChange, readChanges } from './feed.ts'
import type { ChangeFilter } from './schema.ts'
import { redeemTicket } from './tickets.ts'

export {
  type ChangeFacts,
  type FactsRead,
  type ReadChange,
  readFacts,
  withResources
} from './feed.ts'
export { findPlaceOfTime } from './since.ts'

/** Returns which users have something new from a position on: one statement for any number of them. */
export async function findFollowersWithNews(db: Db, followers: Follower[]): Promise<string[]> {
  const horizon = await readHorizon(db)
  const behind = followers.filter(({ position }) => BigInt(position) < BigInt(horizon))
  return listWithNews(db, behind, horizon)
}

/** A page of the feed. */
export interface ChangePageRead {
  changes: ReadChange[]
  next_cursor: string
  has_more: boolean
}

type ReaderDeps = Pick<Deps, 'db' | 'secrets'> & { config: Pick<Config, 'CHANGES_RETENTION_DAYS'> }

/** Reads the feed of changes by cursors. */
export function createChangeReader({ db, secrets, config }: ReaderDeps) {
  const cursors = changeCursors(secrets, config.CHANGES_RETENTION_DAYS)
  /** Returns the place behind everything that has happened; throws for a project that the caller cannot see. */
  async function present(ctx: RequestContext, filter: ChangeFilter): Promise<TimedPlace> {
    await assertSeen(db, ctx, filter)
    const time = Date.now()
    return { position: await readHorizon(db), id: FIRST_ID, time }
  }
  const read = (
    ctx: RequestContext,
    after: TimedPlace,
    options: { limit: number; filter: ChangeFilter }
  ) => readChanges(db, ctx, after, options)
  return {
    cursors,
    present,
    /** Reads behind a place. */
    read,
    /** Reads the page that a cursor names; without one, an empty page that names the present. */
    async readPage(
      ctx: RequestContext,
      {
        limit,
        cursor,
        filter
      }: { limit: number; cursor?: string | undefined; filter: ChangeFilter }
    ): Promise<ChangePageRead> {
      const { changes, next, hasMore } =
        cursor === undefined
          ? { changes: [], next: await present(ctx, filter), hasMore: false }
          : await read(
              ctx,
              cursors.decode(ctx.caller, { cursor, in: 'query', pointer: '/cursor' }, filter),
              { limit, filter }
            )
      return { changes, next_cursor: cursors.encode(ctx.caller, next, filter), has_more: hasMore }
    }
  }
}
export type ChangeReader = ReturnType<typeof createChangeReader>

/** Finds the caller behind a ticket, which is used up, by the session that drew it. */
export const createTicketResolver =
  (db: Db, resolveSession: (sessionId: string, userId: string) => Promise<Caller | undefined>) =>
  async (ticket: string): Promise<Caller | undefined> => {
    const owner = await redeemTicket(db, ticket)
    return owner && resolveSession(owner.session_id, owner.user_id)
  }

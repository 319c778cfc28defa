import { accessOf } from '../../core/access-cache.ts'
import { audit } from '../../core/audit.ts'
import {
  type Actor,
  actingAs,
  actorOf,
  type Caller,
  type RequestContext
} from '../../core/context.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { hashToken } from '../../lib/token.ts'
import { createCallerCache } from './caller-cache.ts'
import { notices, notifyOwner } from './notices.ts'
import { createRefusedRefreshes, type RefusedRefreshes } from './refused-refreshes.ts'
import type { User } from './schema.ts'
import {
  type IssuedTokens,
  networkOfClient,
  refreshSession,
  type SessionOptions,
  startSession
} from './session-tokens.ts'
import { endSession, endSessionsOf, findTokenSession, type SessionKey } from './sessions.queries.ts'
import { findUser } from './users.queries.ts'

/** What may happen to a session as the audit log names it. */
type EndAction = 'session.ended' | 'user.logged_out'

/** Sessions, their tokens and the short-lived cache of their callers; created once for each app. */
export interface Sessions {
  /** Opens a session in the caller's transaction, which holds the lock on the user's row. */
  start(tx: Tx, ctx: RequestContext<Actor | null>, user: User): Promise<IssuedTokens>
  /** Spends a refresh token for the next tokens; returns undefined when it is not live. */
  refresh(
    tx: Tx,
    ctx: RequestContext<Actor | null>,
    refreshToken: string
  ): Promise<IssuedTokens | undefined>
  /**
   * Records a rejected refresh; returns true when its token was never issued, so that someone may be guessing. A token
   * that was spent before ends its session, unless the same client repeats it at once and has not used the next one:
   * then the response was lost, or it refreshed in parallel.
   */
  handleRejectedRefresh(ctx: RequestContext<Actor | null>, refreshToken: string): Promise<boolean>
  /** Writes what is only counted so far; for the shutdown. */
  flush(): Promise<void>
  /** Ends one of the caller's sessions; returns false when there is none. Its tokens are rejected from now on. */
  end(ctx: RequestContext, sessionId: string, action: EndAction): Promise<boolean>
  /** Ends the session of a refresh token, used or not, as its user does who logs out. */
  endByToken(ctx: RequestContext<Actor | null>, refreshToken: string): Promise<void>
  /** Ends every session of the caller except the current one. */
  endOthers(ctx: RequestContext): Promise<void>
  /** Ends all sessions of a user, except one if it is given, in the caller's transaction. Returns how many. */
  endAll(
    tx: Tx,
    ctx: RequestContext<Actor | null>,
    userId: string,
    except?: string | null
  ): Promise<number>
  /** Makes the next requests read the user's callers anew, for whatever changes what a user may do. */
  invalidateUser(tx: Tx, userId: string): Promise<void>
  /** Returns the caller behind a token's session as the database knew it at most a second ago. */
  resolveToken(sessionId: string, userId: string): Promise<Caller | undefined>
}

export function createSessions(options: SessionOptions): Sessions {
  const { db } = options
  const callers = createCallerCache(db)
  const internals = options
  const refused = createRefusedRefreshes(db)
  return {
    start: (tx, ctx, user) => startSession(tx, ctx, internals, user),
    refresh: (tx, ctx, token) => refreshSession(tx, ctx, internals, token),
    handleRejectedRefresh: (ctx, token) => handleRejectedRefresh(ctx, internals, refused, token),
    flush: refused.flush,
    end: (ctx, sessionId, action) => end(ctx, internals, sessionId, action),
    endByToken: (ctx, token) => endByToken(ctx, internals, token),
    endOthers: (ctx) => endOthers(ctx, internals),
    endAll: (tx, ctx, userId, except = null) => endAll(tx, ctx, internals, userId, except),
    invalidateUser: (tx, userId) => accessOf(db).changed(tx, [userId]),
    resolveToken: (session_id, user_id) => callers.get({ session_id, user_id })
  }
}

/** Commits whatever the response is: the session of a reused token stays ended although the request fails. */
async function handleRejectedRefresh(
  ctx: RequestContext<Actor | null>,
  { db }: SessionOptions,
  refused: RefusedRefreshes,
  refreshToken: string
): Promise<boolean> {
  const found = await findTokenSession(db, hashToken(refreshToken), networkOfClient(ctx))
  if (!found) {
    await refused.record(ctx)
    return true
  }
  await withTransaction(db, async (tx) => {
    const ended = found.isSpent && !found.isRepeated ? await endSession(tx, found) : undefined
    if (ended) {
      await accessOf(db).changed(tx, [ended.user_id])
    }
    // Of the user: when the account is deleted, its events are found, also those of sessions that are long over.
    await audit.failed(
      tx,
      ctx,
      ended ? 'session.reuse_detected' : 'session.refreshed',
      { user: found.user_id },
      `session ${found.session_id}`
    )
  })
  return false
}

async function end(
  ctx: RequestContext,
  internals: SessionOptions,
  session_id: string,
  action: EndAction
): Promise<boolean> {
  const { db } = internals
  const key: SessionKey = { session_id, user_id: ctx.caller.id }
  return withTransaction(db, async (tx) => {
    const ended = await endSession(tx, key)
    if (ended) {
      await accessOf(db).changed(tx, [ended.user_id])
      await audit.succeeded(tx, ctx, action, { session: session_id })
      if (session_id !== ctx.caller.session_id) {
        await notifyCaller(tx, ctx, internals, 1)
      }
    }
    return ended !== undefined
  })
}

async function endByToken(
  ctx: RequestContext<Actor | null>,
  { db }: SessionOptions,
  refreshToken: string
): Promise<void> {
  const found = await findTokenSession(db, hashToken(refreshToken), networkOfClient(ctx))
  if (!found) {
    return
  }
  const { session_id, user_id } = found
  await withTransaction(db, async (tx) => {
    const user = await findUser(tx, { id: user_id })
    const ended = user && (await endSession(tx, { session_id, user_id }))
    if (ended) {
      await accessOf(db).changed(tx, [user_id])
      const session = { session: session_id }
      await audit.succeeded(tx, actingAs(ctx, actorOf(user)), 'user.logged_out', session)
    }
  })
}

const endOthers = (ctx: RequestContext, internals: SessionOptions): Promise<void> =>
  withTransaction(internals.db, async (tx) => {
    const { id, session_id } = ctx.caller
    const count = await endAll(tx, ctx, internals, id, session_id)
    if (count > 0) {
      await notifyCaller(tx, ctx, internals, count)
    }
  })

/** Tells the caller of sessions that one of their own has ended: it may be in the hands of a thief. */
async function notifyCaller(
  tx: Tx,
  { caller }: RequestContext,
  deps: SessionOptions,
  count: number
): Promise<void> {
  const owner = await findUser(tx, { id: caller.id })
  if (owner) {
    notifyOwner(tx, deps, owner, notices.sessionsEnded(count))
  }
}

async function endAll(
  tx: Tx,
  ctx: RequestContext<Actor | null>,
  { db }: SessionOptions,
  userId: string,
  except: string | null
): Promise<number> {
  const ended = await endSessionsOf(tx, userId, except)
  if (ended.length > 0) {
    await accessOf(db).changed(tx, [userId])
    await audit.succeeded(tx, ctx, 'user.sessions_ended', { user: userId }, String(ended.length))
  }
  return ended.length
}

import { v7 as uuidv7 } from 'uuid'
import type { Config } from '../../config.ts'
import { audit } from '../../core/audit.ts'
import {
  type Actor,
  actingAs,
  actorOf,
  type Caller,
  type RequestContext
} from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import type { AccessClaims } from '../../http/plugins/authenticate.ts'
import { maskIp } from '../../lib/ip.ts'
import { hashToken, randomToken } from '../../lib/token.ts'
import { type CallerCache, createCallerCache } from './caller-cache.ts'
import type { User } from './schema.ts'
import {
  endOldestBeyond,
  endSession,
  endSessionsOf,
  findTokenSession,
  insertSession,
  prepareFindCaller,
  purgeExpired,
  rotateToken,
  type SessionKey
} from './sessions.queries.ts'
import { findUser } from './users.queries.ts'

const DAY_SECONDS = 86_400
const ABSOLUTE_SECONDS = 30 * DAY_SECONDS
const MAX_LIVE = 20
/** An ended session is stored this long, so that reuse of its tokens is noticed. */
const RETENTION_SECONDS = 7 * DAY_SECONDS
/** Expired sessions that one login deletes at most. */
const MAX_PURGED = 3
const MAX_USER_AGENT = 200

/** The tokens of a session and their user. */
export interface IssuedTokens {
  access_token: string
  token_type: 'Bearer'
  expires_in: number
  refresh_token: string
  user: User
}
export interface SessionOptions {
  db: Db
  config: Pick<Config, 'ACCESS_TOKEN_TTL' | 'REFRESH_TOKEN_TTL'>
  sign: (claims: AccessClaims) => string
}
interface Internals extends SessionOptions {
  callers: CallerCache
}
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
  /** Records a rejected refresh. A token that was spent before ends its session. */
  handleRejectedRefresh(ctx: RequestContext<Actor | null>, refreshToken: string): Promise<void>
  /** Ends one of the caller's sessions; returns false when there is none. Its tokens are rejected from now on. */
  end(ctx: RequestContext, sessionId: string, action: EndAction): Promise<boolean>
  /** Ends every session of the caller except the current one. */
  endOthers(ctx: RequestContext): Promise<void>
  /** Ends all sessions of a user, except one if it is given, in the caller's transaction. */
  endAll(tx: Tx, ctx: RequestContext<Actor>, userId: string, except?: string | null): Promise<void>
  /** Makes the next request read the user's callers anew, for whatever changes what a user may do. */
  invalidateUser(tx: Tx, userId: string): void
  /** Returns the caller behind a token's session as the database knew it at most a second ago. */
  resolveToken(sessionId: string, userId: string): Promise<Caller | undefined>
}

export function createSessions(options: SessionOptions): Sessions {
  const { db } = options
  const callers = createCallerCache(prepareFindCaller(db))
  const internals = { ...options, callers }
  return {
    start: (tx, ctx, user) => start(tx, ctx, internals, user),
    refresh: (tx, ctx, token) => refresh(tx, ctx, internals, token),
    handleRejectedRefresh: (ctx, token) => handleRejectedRefresh(ctx, internals, token),
    end: (ctx, sessionId, action) => end(ctx, internals, sessionId, action),
    endOthers: (ctx) =>
      withTransaction(db, (tx) => endAll(tx, ctx, internals, ctx.caller.id, ctx.caller.session_id)),
    endAll: (tx, ctx, userId, except = null) => endAll(tx, ctx, internals, userId, except),
    invalidateUser: (tx, userId) => tx.afterCommit(() => callers.invalidateUser(userId)),
    resolveToken: (session_id, user_id) => callers.get({ session_id, user_id })
  }
}

async function start(
  tx: Tx,
  ctx: RequestContext<Actor | null>,
  internals: Internals,
  user: User
): Promise<IssuedTokens> {
  const { callers, config } = internals
  const id = uuidv7()
  const refreshToken = randomToken()
  const session = {
    id,
    user_id: user.id,
    address_prefix: maskIp(ctx.ip ?? ''),
    user_agent: ctx.userAgent?.toWellFormed().slice(0, MAX_USER_AGENT) ?? null
  }
  await insertSession(tx, session, hashToken(refreshToken), {
    idleSeconds: config.REFRESH_TOKEN_TTL,
    absoluteSeconds: ABSOLUTE_SECONDS
  })
  const evicted = await endOldestBeyond(tx, user.id, MAX_LIVE)
  tx.afterCommit(() => callers.invalidate(evicted))
  await purgeExpired(tx, user.id, RETENTION_SECONDS, MAX_PURGED)
  return issueTokens(internals, id, user, refreshToken)
}

async function refresh(
  tx: Tx,
  ctx: RequestContext<Actor | null>,
  internals: Internals,
  refreshToken: string
): Promise<IssuedTokens | undefined> {
  const next = randomToken()
  const session = await rotateToken(
    tx,
    hashToken(refreshToken),
    hashToken(next),
    internals.config.REFRESH_TOKEN_TTL
  )
  const user = session && (await findUser(tx, { id: session.user_id }))
  if (!user) {
    return undefined
  }
  const { session_id } = session
  await audit.succeeded(tx, actingAs(ctx, actorOf(user)), 'session.refreshed', {
    session: session_id
  })
  return issueTokens(internals, session_id, user, next)
}

function issueTokens(
  { sign, config }: Internals,
  sid: string,
  user: User,
  refresh_token: string
): IssuedTokens {
  return {
    access_token: sign({ sub: user.id, sid, jti: uuidv7(), role: user.role }),
    token_type: 'Bearer',
    expires_in: config.ACCESS_TOKEN_TTL,
    refresh_token,
    user
  }
}

/** Commits whatever the response is: the session of a reused token stays ended although the request fails. */
async function handleRejectedRefresh(
  ctx: RequestContext<Actor | null>,
  { db, callers }: Internals,
  refreshToken: string
): Promise<void> {
  const found = await findTokenSession(db, hashToken(refreshToken))
  await withTransaction(db, async (tx) => {
    const ended = found?.isSpent ? await endSession(tx, found) : undefined
    if (ended) {
      tx.afterCommit(() => callers.invalidate([ended]))
    }
    await audit.failed(
      tx,
      ctx,
      ended ? 'session.reuse_detected' : 'session.refreshed',
      found && { session: found.session_id }
    )
  })
}

async function end(
  ctx: RequestContext,
  { db, callers }: Internals,
  session_id: string,
  action: EndAction
): Promise<boolean> {
  const key: SessionKey = { session_id, user_id: ctx.caller.id }
  return withTransaction(db, async (tx) => {
    tx.afterCommit(() => callers.invalidate([key]))
    const ended = await endSession(tx, key)
    if (ended) {
      await audit.succeeded(tx, ctx, action, { session: session_id })
    }
    return ended !== undefined
  })
}

async function endAll(
  tx: Tx,
  ctx: RequestContext<Actor>,
  { callers }: Internals,
  userId: string,
  except: string | null
): Promise<void> {
  const ended = await endSessionsOf(tx, userId, except)
  if (ended.length > 0) {
    tx.afterCommit(() => callers.invalidate(ended))
    await audit.succeeded(tx, ctx, 'user.sessions_ended', { user: userId }, String(ended.length))
  }
}

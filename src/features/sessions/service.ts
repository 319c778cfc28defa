import { v7 as uuidv7 } from 'uuid'
import { type OldActor as Actor, recordAudit, type Source, unknownActor } from '../../core/audit.ts'
import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { withTransaction } from '../../db/transaction.ts'
import type { AccessClaims } from '../../http/plugins/access-tokens.ts'
import { maskIp } from '../../lib/ip.ts'
import { hashToken, randomToken } from '../../lib/token.ts'
import { createTtlCache } from '../../lib/ttl-cache.ts'
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
} from './queries.ts'

/** How long an answer about a session may be believed; other instances learn of a change this late. */
const CACHE_MS = 1000
const CACHED_SESSIONS = 20_000
const DAY_SECONDS = 86_400
const ABSOLUTE_SECONDS = 30 * DAY_SECONDS
const MAX_LIVE = 20
/** Spent tokens go with their session; a dead one is kept this long, and a login clears away at most so many. */
const KEPT_DEAD_SECONDS = 7 * DAY_SECONDS
const MAX_CLEARED = 3
const MAX_USER_AGENT = 200

export interface Tokens {
  access_token: string
  token_type: 'Bearer'
  expires_in: number
  refresh_token: string
}
/** Where somebody logs in from. */
export interface Client extends Source {
  address: string
  userAgent: string | undefined
}
export interface SessionOptions {
  db: Db
  sign: (claims: AccessClaims) => string
  accessSeconds: number
  refreshSeconds: number
}
export type Sessions = ReturnType<typeof createSessions>

/** Sessions with their short cache; made once for each app. Whoever ends sessions in a transaction forgets them after the commit. */
export function createSessions({ db, sign, accessSeconds, refreshSeconds }: SessionOptions) {
  const findCaller = prepareFindCaller(db)
  const callers = createTtlCache({
    max: CACHED_SESSIONS,
    ttlMs: CACHE_MS,
    load: (key) => findCaller(readKey(key))
  })

  const tokens = (
    session_id: string,
    user: { id: string; role: string },
    refresh_token: string
  ): Tokens => ({
    access_token: sign({ sub: user.id, sid: session_id, jti: uuidv7(), role: user.role }),
    token_type: 'Bearer',
    expires_in: accessSeconds,
    refresh_token
  })
  const invalidate = (keys: SessionKey[]) => {
    for (const key of keys) {
      callers.invalidate(writeKey(key))
    }
  }

  return {
    /** Opens a session in the caller's transaction, which holds the lock on the user's row. What it pushed out is to be forgotten. */
    async start(
      tx: Db,
      user: { id: string; role: string },
      client: Client
    ): Promise<{ tokens: Tokens; evicted: SessionKey[] }> {
      const id = uuidv7()
      const refreshToken = randomToken()
      const session = {
        id,
        user_id: user.id,
        address_prefix: maskIp(client.address),
        user_agent: client.userAgent?.toWellFormed().slice(0, MAX_USER_AGENT) ?? null
      }
      await insertSession(tx, session, hashToken(refreshToken), {
        idleSeconds: refreshSeconds,
        absoluteSeconds: ABSOLUTE_SECONDS
      })
      const evicted = await endOldestBeyond(tx, user.id, MAX_LIVE)
      await purgeExpired(tx, user.id, KEPT_DEAD_SECONDS, MAX_CLEARED)
      return { tokens: tokens(id, user, refreshToken), evicted }
    },

    /** Spends a refresh token; undefined when it is not live. */
    async rotate(
      tx: Db,
      refreshToken: string
    ): Promise<(SessionKey & { refresh_token: string }) | undefined> {
      const next = randomToken()
      const session = await rotateToken(
        tx,
        hashToken(refreshToken),
        hashToken(next),
        refreshSeconds
      )
      return session && { ...session, refresh_token: next }
    },

    tokens,

    /** Remembers a refused refresh. A token that was spent before ends its session, and that stays so although the request fails. */
    async handleRejectedRefresh(refreshToken: string, source: Source): Promise<void> {
      const found = await findTokenSession(db, hashToken(refreshToken))
      const subject = {
        subject_type: found ? ('session' as const) : null,
        subject_id: found?.session_id ?? null
      }
      const endedNow = await withTransaction(db, async (tx) => {
        const ended = found?.isSpent ? await endSession(tx, found) : undefined
        await recordAudit(tx, {
          ...unknownActor(source),
          ...subject,
          action: ended ? 'session.reuse_detected' : 'session.refreshed',
          outcome: 'failed'
        })
        return ended
      })
      if (endedNow) {
        invalidate([endedNow])
      }
    },

    /** Ends one session of its user; false when there was none. Its tokens are worth nothing from the next request on. */
    async end(
      key: SessionKey,
      actor: Actor,
      action: 'session.ended' | 'user.logged_out'
    ): Promise<boolean> {
      const ended = await withTransaction(db, async (tx) => {
        const session = await endSession(tx, key)
        if (session) {
          await recordAudit(tx, {
            ...actor,
            action,
            outcome: 'succeeded',
            subject_type: 'session',
            subject_id: key.session_id
          })
        }
        return session
      })
      callers.invalidate(writeKey(key))
      return ended !== undefined
    },

    /** Ends every session of a user but the one that asks. */
    async endOthers(user_id: string, except: string | null, actor: Actor): Promise<void> {
      invalidate(await withTransaction(db, (tx) => endAll(tx, actor, user_id, except)))
    },

    /** Ends all sessions of a user, save perhaps one, in the caller's transaction. */
    endAll,

    /** To be called after the commit of whatever ended these sessions. */
    invalidate,
    /** To be called after the commit of whatever changed what a user may do. */
    invalidateUser: (user_id: string): void =>
      callers.invalidateWhere((key) => key.startsWith(user_id)),

    /** The caller behind a token's session, at most a second old. */
    resolveToken: (session_id: string, user_id: string): Promise<Caller | undefined> =>
      callers.get(writeKey({ session_id, user_id }))
  }
}

async function endAll(
  tx: Db,
  actor: Actor,
  user_id: string,
  except: string | null = null
): Promise<SessionKey[]> {
  const ended = await endSessionsOf(tx, user_id, except)
  if (ended.length > 0) {
    await recordAudit(tx, {
      ...actor,
      action: 'user.sessions_ended',
      outcome: 'succeeded',
      subject_type: 'user',
      subject_id: user_id,
      detail: String(ended.length)
    })
  }
  return ended
}

const writeKey = ({ user_id, session_id }: SessionKey): string => `${user_id} ${session_id}`
const readKey = (key: string): SessionKey => {
  const [user_id, session_id] = key.split(' ') as [string, string]
  return { user_id, session_id }
}

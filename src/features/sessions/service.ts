import { LRUCache } from 'lru-cache'
import { v7 as uuidv7 } from 'uuid'
import type { Caller } from '../../core/caller.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { addressPrefix } from '../../lib/address.ts'
import { hashToken, randomToken } from '../../lib/token.ts'
import type { AccessClaims } from '../../plugins/authenticate.ts'
import { endSession, findReused, insertSession, prepareFindCaller, rotateToken } from './queries.ts'

/** How long an answer about a session may be believed; other instances learn of a change this late. */
const CACHE_MS = 1000
const CACHED_SESSIONS = 20_000
const ABSOLUTE_SECONDS = 2_592_000
const MAX_USER_AGENT = 200

export interface Tokens { access_token: string, token_type: 'Bearer', expires_in: number, refresh_token: string }
export interface Client { address: string, userAgent: string | undefined }
export interface SessionOptions { db: Db, sign: (claims: AccessClaims) => string, accessSeconds: number, refreshSeconds: number }
export type Sessions = ReturnType<typeof createSessions>

/** Sessions with their short cache; made once for each app. */
export function createSessions ({ db, sign, accessSeconds, refreshSeconds }: SessionOptions) {
  const findCaller = prepareFindCaller(db)
  const cache = new LRUCache<string, Caller>({
    max: CACHED_SESSIONS,
    ttl: CACHE_MS,
    fetchMethod: (key) => findCaller(...(key.split(' ') as [string, string]))
  })
  const tokens = (session_id: string, user: { id: string, role: string }, refresh_token: string): Tokens => ({
    access_token: sign({ sub: user.id, sid: session_id, jti: uuidv7(), role: user.role }), token_type: 'Bearer', expires_in: accessSeconds, refresh_token
  })

  return {
    /** Opens a session in the caller's transaction. */
    async start (tx: Db, user: { id: string, role: string }, client: Client): Promise<Tokens> {
      const id = uuidv7()
      const refreshToken = randomToken()
      const session = { id, user_id: user.id, address_prefix: addressPrefix(client.address), user_agent: client.userAgent?.toWellFormed().slice(0, MAX_USER_AGENT) ?? null }
      await insertSession(tx, session, hashToken(refreshToken), { idleSeconds: refreshSeconds, absoluteSeconds: ABSOLUTE_SECONDS })
      return tokens(id, user, refreshToken)
    },

    /** Spends a refresh token. One that was spent before ends its session, and that stays so although the request fails. */
    async rotate (refreshToken: string): Promise<{ user_id: string, session_id: string, refresh_token: string }> {
      const hash = hashToken(refreshToken)
      const next = randomToken()
      const session = await rotateToken(db, hash, hashToken(next), refreshSeconds)
      if (session) return { ...session, refresh_token: next }
      const reused = await findReused(db, hash)
      if (reused) await this.end(reused.session_id, reused.user_id)
      throw new Problem('bad_credentials', { detail: 'The refresh token is not valid. Log in again.', headers: { 'www-authenticate': 'Bearer' } })
    },

    tokens,

    /** Ends one session; its tokens are worth nothing from the next request on. */
    async end (session_id: string, user_id: string): Promise<boolean> {
      const ended = await endSession(db, session_id)
      cache.delete(`${session_id} ${user_id}`)
      return ended
    },

    /** The caller behind a token's session, at most a second old. */
    resolveToken: (session_id: string, user_id: string): Promise<Caller | undefined> => cache.fetch(`${session_id} ${user_id}`)
  }
}

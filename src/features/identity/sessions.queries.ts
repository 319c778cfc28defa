import { and, eq, gt, inArray, isNotNull, isNull, ne, type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { newestFirst } from '../../db/keyset.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { executeRows } from '../../db/rows.ts'
import { refreshTokens, sessions } from '../../db/tables/sessions.ts'
import { users } from '../../db/tables/users.ts'
import { isRepeatedByItsClient, type Rotation, rotateTokenSql } from './sessions.sql.ts'

export interface NewSession {
  id: string
  user_id: string
  address_prefix: string
  user_agent: string | null
}
export interface Lifetimes {
  idleSeconds: number
  absoluteSeconds: number
}
export interface SessionKey {
  session_id: string
  user_id: string
}
type SessionRow = Pick<SessionKey, keyof SessionKey>

const inSeconds = (seconds: number) => sql`now() + make_interval(secs => ${seconds})`
/** Matches sessions that are active. */
export const isLive = and(
  isNull(sessions.ended_at),
  gt(sessions.idle_expires_at, sql`now()`)
) as SQL
const ended = { session_id: sessions.id, user_id: sessions.user_id }

export async function insertSession(
  tx: Db,
  session: NewSession,
  tokenHash: string,
  { idleSeconds, absoluteSeconds }: Lifetimes
): Promise<void> {
  const idle_expires_at = inSeconds(Math.min(idleSeconds, absoluteSeconds))
  await tx.insert(sessions).values({
    ...session,
    idle_expires_at,
    expires_at: inSeconds(absoluteSeconds),
    password_entered_at: sql`now()`
  })
  await tx
    .insert(refreshTokens)
    .values({ hash: tokenHash, session_id: session.id, expires_at: idle_expires_at })
}

const isUnverified = sql<boolean>`${users.email} IS NOT NULL AND NOT ${users.email_verified}`

/** Returns which of some sessions are active, with the role that their user has now. */
export const listLiveSessions = (
  db: Db,
  ids: string[]
): Promise<{ id: string; role: Caller['role'] }[]> =>
  db
    .select({ id: sessions.id, role: users.role })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.user_id))
    .where(and(inArray(sessions.id, ids), isLive, eq(users.disabled, false)))

/**
 * Finds the caller behind a live session of an enabled user, and for how many milliseconds it lives unless it is used;
 * prepared, since many requests run it.
 */
export function prepareFindCaller(db: Db) {
  const query = prepared(
    db
      .select({
        id: users.id,
        name: sql<string>`coalesce(${users.username}, ${users.email})`,
        role: users.role,
        session_id: sessions.id,
        is_unverified: isUnverified,
        live_ms: sql<number>`(extract(epoch FROM ${sessions.idle_expires_at} - now()) * 1000)::float8`
      })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.user_id))
      .where(
        and(
          eq(sessions.id, sql.placeholder('session_id')),
          eq(sessions.user_id, sql.placeholder('user_id')),
          isLive,
          eq(users.disabled, false)
        )
      ),
    'find_caller'
  )
  return async ({
    session_id,
    user_id
  }: SessionKey): Promise<{ caller: Caller; live_ms: number } | undefined> => {
    const [found] = await query.execute({ session_id, user_id })
    if (found === undefined) {
      return undefined
    }
    const { live_ms, ...caller } = found
    return { caller, live_ms }
  }
}

/** Spends a refresh token and stores its successor. Returns the session, or undefined when the token is not live. */
export async function rotateToken(tx: Db, rotation: Rotation): Promise<SessionKey | undefined> {
  const [row] = await executeRows<SessionRow>(tx, rotateTokenSql(rotation))
  return row
}

export interface TokenSession extends SessionKey {
  /** The token was used before. */
  isSpent: boolean
  /** It was, a moment ago by the same client; otherwise someone has a copy of it. */
  isRepeated: boolean
}

/** Finds the session of a token that a client network presents, and whether it was spent before. */
export async function findTokenSession(
  db: Db,
  hash: string,
  network: string | null
): Promise<TokenSession | undefined> {
  const [row] = await db
    .select({
      ...ended,
      isSpent: sql<boolean>`${isNotNull(refreshTokens.used_at)}`,
      isRepeated: isRepeatedByItsClient(network)
    })
    .from(refreshTokens)
    .innerJoin(sessions, eq(sessions.id, refreshTokens.session_id))
    .where(eq(refreshTokens.hash, hash))
  return row
}

/** Ends one live session of its user; returns undefined when there is none. */
export async function endSession(
  tx: Db,
  { session_id, user_id }: SessionKey
): Promise<SessionKey | undefined> {
  const [row] = await tx
    .update(sessions)
    .set({ ended_at: sql`now()` })
    .where(and(eq(sessions.id, session_id), eq(sessions.user_id, user_id), isLive))
    .returning(ended)
  return row
}

/** Ends all live sessions of a user, except one if it is given. */
export async function endSessionsOf(
  tx: Db,
  user_id: string,
  except: string | null
): Promise<SessionKey[]> {
  return tx
    .update(sessions)
    .set({ ended_at: sql`now()` })
    .where(
      and(
        eq(sessions.user_id, user_id),
        isLive,
        except === null ? undefined : ne(sessions.id, except)
      )
    )
    .returning(ended)
}

/**
 * Ends the live sessions of a user beyond the newest `max`. The user's row must be locked: otherwise two parallel
 * logins do not see each other's session.
 */
export async function endOldestBeyond(tx: Db, user_id: string, max: number): Promise<SessionKey[]> {
  const beyond = tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.user_id, user_id), isLive))
    .orderBy(...newestFirst(sessions))
    .offset(max)
  return tx
    .update(sessions)
    .set({ ended_at: sql`now()` })
    .where(sql`${sessions.id} IN (${beyond})`)
    .returning(ended)
}

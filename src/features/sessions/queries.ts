import { and, eq, gt, isNotNull, isNull, ne, type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { afterCursor, type KeysetPosition, newestFirst } from '../../db/keyset.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { executeRows } from '../../db/rows.ts'
import { refreshTokens, sessions } from '../../db/tables/sessions.ts'
import { users } from '../../db/tables/users.ts'

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

const inSeconds = (seconds: number) => sql`now() + make_interval(secs => ${seconds})`
const isLive = and(isNull(sessions.ended_at), gt(sessions.idle_expires_at, sql`now()`)) as SQL
const ended = { session_id: sessions.id, user_id: sessions.user_id }

export async function insertSession(
  tx: Db,
  session: NewSession,
  tokenHash: string,
  { idleSeconds, absoluteSeconds }: Lifetimes
): Promise<void> {
  const idle_expires_at = inSeconds(Math.min(idleSeconds, absoluteSeconds))
  await tx
    .insert(sessions)
    .values({ ...session, idle_expires_at, expires_at: inSeconds(absoluteSeconds) })
  await tx
    .insert(refreshTokens)
    .values({ hash: tokenHash, session_id: session.id, expires_at: idle_expires_at })
}

const isUnverified = sql<boolean>`${users.email} is not null and not ${users.email_verified}`

/** The caller behind a live session of an enabled user; read for nearly every request, hence prepared once. */
export function prepareFindCaller(db: Db) {
  const query = prepared(
    db
      .select({
        id: users.id,
        name: sql<string>`coalesce(${users.username}, ${users.email})`,
        role: users.role,
        session_id: sessions.id,
        is_unverified: isUnverified
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
  return async ({ session_id, user_id }: SessionKey): Promise<Caller | undefined> =>
    (await query.execute({ session_id, user_id }))[0]
}

/**
 * Spends a refresh token and puts its successor in its place, in one statement: of parallel tries exactly one wins,
 * and a statement that fails has spent nothing. Gives the session, or undefined when the token is not live.
 */
export async function rotateToken(
  tx: Db,
  hash: string,
  nextHash: string,
  idleSeconds: number
): Promise<SessionKey | undefined> {
  const [row] = await executeRows<{ session_id: string; user_id: string }>(
    tx,
    sql`
    with spent as (
      update refresh_tokens t set used_at = now() from sessions s, users u
      where t.hash = ${hash} and t.used_at is null and t.expires_at > now()
        and s.id = t.session_id and s.ended_at is null and s.expires_at > now() and u.id = s.user_id and not u.disabled
      returning s.id as session_id, s.user_id, least(s.expires_at, now() + make_interval(secs => ${idleSeconds})) as idle_expires_at
    ), successor as (
      insert into refresh_tokens (hash, session_id, expires_at) select ${nextHash}, session_id, idle_expires_at from spent
    ), used as (
      update sessions set last_used_at = now(), idle_expires_at = spent.idle_expires_at from spent where sessions.id = spent.session_id
    ) select session_id, user_id from spent`
  )
  return row
}

/** Whose session a token belongs to, and whether it was spent before: then somebody holds a copy. */
export async function findTokenSession(
  db: Db,
  hash: string
): Promise<(SessionKey & { isSpent: boolean; isEnded: boolean }) | undefined> {
  const [row] = await db
    .select({
      ...ended,
      isSpent: sql<boolean>`${isNotNull(refreshTokens.used_at)}`,
      isEnded: sql<boolean>`${isNotNull(sessions.ended_at)}`
    })
    .from(refreshTokens)
    .innerJoin(sessions, eq(sessions.id, refreshTokens.session_id))
    .where(eq(refreshTokens.hash, hash))
  return row
}

/** Ends one live session of its user; undefined when there is none. */
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

/** Ends all live sessions of a user, save perhaps one. */
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

/** Ends what a user has beyond the newest `most` live sessions. The user's row must be locked, or two logins would each leave the other out. */
export async function endOldestBeyond(
  tx: Db,
  user_id: string,
  most: number
): Promise<SessionKey[]> {
  const beyond = tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.user_id, user_id), isLive))
    .orderBy(...newestFirst(sessions))
    .offset(most)
  return tx
    .update(sessions)
    .set({ ended_at: sql`now()` })
    .where(sql`${sessions.id} in (${beyond})`)
    .returning(ended)
}

/** Removes a few sessions that have been dead for long, with their tokens. Few, since a long one leaves thousands of spent tokens. */
export async function purgeExpired(
  tx: Db,
  user_id: string,
  deadForSeconds: number,
  most: number
): Promise<void> {
  const longAgo = sql`now() - make_interval(secs => ${deadForSeconds})`
  const dead = tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(
      and(
        eq(sessions.user_id, user_id),
        sql`least(${sessions.ended_at}, ${sessions.idle_expires_at}) < ${longAgo}`
      )
    )
    .limit(most)
  await tx.delete(sessions).where(sql`${sessions.id} in (${dead})`)
}

/** Live sessions of a user, newest first, after a position if one is given. */
export async function listSessions(db: Db, user_id: string, limit: number, after?: KeysetPosition) {
  return db
    .select({
      id: sessions.id,
      created_at: sessions.created_at,
      last_used_at: sessions.last_used_at,
      address_prefix: sessions.address_prefix,
      user_agent: sessions.user_agent
    })
    .from(sessions)
    .where(and(eq(sessions.user_id, user_id), isLive, afterCursor(sessions, after)))
    .orderBy(...newestFirst(sessions))
    .limit(limit)
}

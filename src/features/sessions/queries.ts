import { and, eq, gt, isNotNull, isNull, sql } from 'drizzle-orm'
import type { Caller } from '../../core/caller.ts'
import type { Db } from '../../db/client.ts'
import { rowsOf } from '../../db/rows.ts'
import { refreshTokens, sessions } from '../../db/tables/sessions.ts'
import { users } from '../../db/tables/users.ts'

export interface NewSession { id: string, user_id: string, address_prefix: string, user_agent: string | null }
export interface Lifetimes { idleSeconds: number, absoluteSeconds: number }

const inSeconds = (seconds: number) => sql`now() + make_interval(secs => ${seconds})`

export async function insertSession (tx: Db, session: NewSession, tokenHash: string, { idleSeconds, absoluteSeconds }: Lifetimes): Promise<void> {
  await tx.insert(sessions).values({ ...session, expires_at: inSeconds(absoluteSeconds) })
  await tx.insert(refreshTokens).values({ hash: tokenHash, session_id: session.id, expires_at: inSeconds(Math.min(idleSeconds, absoluteSeconds)) })
}

/** The caller behind a live session of an enabled user; read for nearly every request, hence prepared once. */
export function prepareFindCaller (db: Db) {
  const query = db.select({ id: users.id, role: users.role, session_id: sessions.id })
    .from(sessions).innerJoin(users, eq(users.id, sessions.user_id))
    .where(and(eq(sessions.id, sql.placeholder('session_id')), eq(sessions.user_id, sql.placeholder('user_id')),
      isNull(sessions.ended_at), gt(sessions.expires_at, sql`now()`), eq(users.disabled, false)))
    .prepare('find_caller')
  return async (session_id: string, user_id: string): Promise<Caller | undefined> => (await query.execute({ session_id, user_id }))[0]
}

/**
 * Spends a refresh token and puts its successor in its place, in one statement: of parallel tries exactly one wins,
 * and a statement that fails has spent nothing. Gives the session, or undefined when the token is not live.
 */
export async function rotateToken (db: Db, hash: string, nextHash: string, idleSeconds: number): Promise<{ session_id: string, user_id: string } | undefined> {
  const [row] = await rowsOf<{ session_id: string, user_id: string }>(db, sql`
    with spent as (
      update refresh_tokens t set used_at = now() from sessions s, users u
      where t.hash = ${hash} and t.used_at is null and t.expires_at > now()
        and s.id = t.session_id and s.ended_at is null and s.expires_at > now() and u.id = s.user_id and not u.disabled
      returning s.id as session_id, s.user_id, s.expires_at
    ), successor as (
      insert into refresh_tokens (hash, session_id, expires_at)
      select ${nextHash}, session_id, least(expires_at, now() + make_interval(secs => ${idleSeconds})) from spent
    ), used as (
      update sessions set last_used_at = now() from spent where sessions.id = spent.session_id
    ) select session_id, user_id from spent`)
  return row
}

/** The live session of a token that was spent before: somebody holds a copy. */
export async function findReused (db: Db, hash: string): Promise<{ session_id: string, user_id: string } | undefined> {
  const [row] = await db.select({ session_id: sessions.id, user_id: sessions.user_id }).from(refreshTokens)
    .innerJoin(sessions, eq(sessions.id, refreshTokens.session_id))
    .where(and(eq(refreshTokens.hash, hash), isNotNull(refreshTokens.used_at), isNull(sessions.ended_at)))
  return row
}

/** True when this call ended it. */
export async function endSession (db: Db, session_id: string): Promise<boolean> {
  const ended = await db.update(sessions).set({ ended_at: sql`now()` }).where(and(eq(sessions.id, session_id), isNull(sessions.ended_at))).returning({ id: sessions.id })
  return ended.length === 1
}

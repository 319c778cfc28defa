import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { afterCursor, type KeysetPosition, newestFirst } from '../../db/keyset.ts'
import { sessions } from '../../db/tables/sessions.ts'
import type { Session } from './sessions.schema.ts'

/** Lists the live sessions of a user, newest first, from a position if one is given. */
export async function listSessions(
  db: Db,
  user_id: string,
  limit: number,
  after?: KeysetPosition
): Promise<Omit<Session, 'current'>[]> {
  return db
    .select({
      id: sessions.id,
      created_at: sessions.created_at,
      last_used_at: sessions.last_used_at,
      address_prefix: sessions.address_prefix,
      user_agent: sessions.user_agent
    })
    .from(sessions)
    .where(
      and(
        eq(sessions.user_id, user_id),
        isNull(sessions.ended_at),
        gt(sessions.idle_expires_at, sql`now()`),
        afterCursor(sessions, after)
      )
    )
    .orderBy(...newestFirst(sessions))
    .limit(limit)
}

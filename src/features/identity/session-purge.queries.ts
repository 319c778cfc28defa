import { inArray, lt, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { sessionOverAt, sessions } from '../../db/tables/sessions.ts'
import { withTransaction } from '../../db/transaction.ts'

/** A session that is over is stored this long, so that reuse of its tokens is noticed. */
const RETENTION_DAYS = 7
const MAX_SESSIONS = 100
/** A session can leave thousands of tokens. */
const MAX_TOKENS = 1000

/** Deletes a chunk of the sessions that were over long ago. Call again while there is more. */
export function purgeSessions(db: Db): Promise<{ done: number; more: boolean }> {
  const longAgo = sql`now() - make_interval(days => ${RETENTION_DAYS})`
  return withTransaction(db, (tx) => deleteChunk(tx, lt(sessionOverAt(sessions), longAgo)))
}

/** Deletes a chunk of a user's sessions; returns true when there may be more. */
export const purgeSessionsOf = async (tx: Db, userId: string): Promise<boolean> =>
  (await deleteChunk(tx, sql`${sessions.user_id} = ${userId}`)).more

/** Deletes some of the sessions with their tokens, or as many of their tokens as one statement may delete. */
async function deleteChunk(tx: Db, isDue: SQL): Promise<{ done: number; more: boolean }> {
  const due = await tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(isDue)
    .limit(MAX_SESSIONS)
    .for('update', { skipLocked: true })
  if (due.length === 0) {
    return { done: 0, more: false }
  }
  const ids = due.map(({ id }) => id)
  const tokens = await executeRows(
    tx,
    sql`
      DELETE FROM refresh_tokens
      WHERE hash IN (
        SELECT hash FROM refresh_tokens WHERE ${inArray(sql`session_id`, ids)} LIMIT ${MAX_TOKENS}
      )
      RETURNING 1 AS one`
  )
  if (tokens.length === MAX_TOKENS) {
    return { done: 0, more: true }
  }
  await tx.delete(sessions).where(inArray(sessions.id, ids))
  return { done: ids.length, more: ids.length === MAX_SESSIONS }
}

import { and, eq, exists, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { sessions } from '../../db/tables/sessions.ts'
import { users } from '../../db/tables/users.ts'
import { isLive, type SessionKey } from './sessions.queries.ts'

/** For how long a password that was entered in a session vouches for whoever uses it. */
const VALIDITY = sql`INTERVAL '5 minutes'`

const isSession = ({ session_id, user_id }: SessionKey) =>
  and(eq(sessions.id, session_id), eq(sessions.user_id, user_id), isLive)

/** Finds an active session, and whether the password was entered in it a few minutes ago. */
export async function findPasswordEntry(
  tx: Db,
  session: SessionKey
): Promise<{ isRecent: boolean } | undefined> {
  const [row] = await tx
    .select({
      isRecent: sql<boolean>`coalesce(${sessions.password_entered_at} > now() - ${VALIDITY}, false)`
    })
    .from(sessions)
    .where(isSession(session))
  return row
}

/** Stores that the password was entered in a session just now, unless the account has another one by now. */
export async function storePasswordEntry(
  db: Db,
  session: SessionKey,
  password_hash: string
): Promise<void> {
  const isCurrent = exists(
    db
      .select({ id: users.id })
      .from(users)
      .where(and(eq(users.id, session.user_id), eq(users.password_hash, password_hash)))
  )
  await db
    .update(sessions)
    .set({ password_entered_at: sql`now()` })
    .where(and(isSession(session), isCurrent))
}

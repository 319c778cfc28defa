import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { timestampText } from '../../db/columns.ts'
import { executeRows } from '../../db/rows.ts'

/** Who drew a ticket. */
export type TicketOwner = { user_id: string; session_id: string }

/** Stores a ticket, and leaves a user only the newest of those that were not used. */
export async function insertTicket(
  db: Db,
  hash: string,
  { user_id, session_id }: TicketOwner,
  { seconds, most }: { seconds: number; most: number }
): Promise<string> {
  const [row] = await executeRows<{ expires_at: string }>(
    db,
    sql`
      WITH surplus AS (
        DELETE FROM change_tickets
        WHERE hash IN (
          SELECT hash FROM change_tickets
          WHERE user_id = ${user_id}
          ORDER BY created_at DESC
          OFFSET ${most - 1}
        )
      )
      INSERT INTO change_tickets (hash, user_id, session_id, expires_at)
      VALUES (${hash}, ${user_id}, ${session_id}, now() + make_interval(secs => ${seconds}))
      RETURNING ${timestampText(sql`expires_at`)} AS expires_at`
  )
  return row?.expires_at as string
}

/** Uses up a ticket; undefined when it was used, has expired or never existed. */
export async function takeTicket(db: Db, hash: string): Promise<TicketOwner | undefined> {
  const [owner] = await executeRows<TicketOwner & { is_valid: boolean }>(
    db,
    sql`
      DELETE FROM change_tickets
      WHERE hash = ${hash}
      RETURNING user_id, session_id, expires_at > now() AS is_valid`
  )
  return owner?.is_valid ? { user_id: owner.user_id, session_id: owner.session_id } : undefined
}

const PURGE_CHUNK = 5000

/** Deletes a chunk of the tickets that nobody used in time. */
export async function purgeTickets(db: Db): Promise<{ done: number; more: boolean }> {
  const deleted = await executeRows(
    db,
    sql`
      DELETE FROM change_tickets
      WHERE hash IN (SELECT hash FROM change_tickets WHERE expires_at < now() LIMIT ${PURGE_CHUNK})
      RETURNING 1 AS one`
  )
  return { done: deleted.length, more: deleted.length === PURGE_CHUNK }
}

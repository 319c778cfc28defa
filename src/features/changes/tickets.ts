import type { RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { hashToken, randomToken } from '../../lib/token.ts'
import { insertTicket, type TicketOwner, takeTicket } from './tickets.queries.ts'

/** Long enough to open a stream at once. */
const TICKET_SECONDS = 30
/** More than anybody opens at once; older ones stop working. */
const MAX_UNUSED = 10

export interface Ticket {
  ticket: string
  expires_at: string
}

/** Draws a ticket that opens one stream in the name of the caller's session. */
export async function drawTicket(
  db: Db,
  { caller: { id: user_id, session_id } }: RequestContext
): Promise<Ticket> {
  const ticket = randomToken()
  const expires_at = await insertTicket(
    db,
    hashToken(ticket),
    { user_id, session_id },
    { seconds: TICKET_SECONDS, most: MAX_UNUSED }
  )
  return { ticket, expires_at }
}

/** Uses up a ticket, and returns the session that drew it; undefined when it does not open anything. */
export const redeemTicket = (db: Db, ticket: string): Promise<TicketOwner | undefined> =>
  takeTicket(db, hashToken(ticket))

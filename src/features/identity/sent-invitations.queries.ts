import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { invitations } from '../../db/tables/invitations.ts'

/** Withdraws what an account that may do less than before has invited others to, so that it never counts again. */
export async function withdrawInvitationsOf(tx: Db, userId: string): Promise<void> {
  await tx
    .update(invitations)
    .set({ withdrawn_at: sql`now()` })
    .where(
      and(
        eq(invitations.invited_by, userId),
        isNull(invitations.accepted_at),
        isNull(invitations.declined_at),
        isNull(invitations.withdrawn_at)
      )
    )
}

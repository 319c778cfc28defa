import { and, gt, isNull, type SQL, sql } from 'drizzle-orm'
import { invitations } from '../../db/tables/invitations.ts'
import { isOfUser } from '../../db/tables/users.ts'

/** Nobody has accepted, declined or withdrawn it. */
export const isPending = and(
  isNull(invitations.accepted_at),
  isNull(invitations.withdrawn_at),
  isNull(invitations.declined_at)
) as SQL

/** It invites to the installation only, which an admin does. */
export const isToInstallation = isNull(invitations.project_id)

/**
 * It can be accepted. Whoever invites must still be allowed to, and a project must be there: what a removed admin has
 * left lets nobody in.
 */
export const isOpen = and(
  isPending,
  gt(invitations.expires_at, sql`now()`),
  sql`EXISTS (
    SELECT 1
    FROM users inviter
    WHERE inviter.id = ${invitations.invited_by} AND NOT inviter.disabled
      AND CASE
        WHEN ${invitations.project_id} IS NULL THEN inviter.role = 'admin'
        ELSE EXISTS (
          SELECT 1
          FROM projects p
          LEFT JOIN project_members m
            ON m.owner_id = p.owner_id AND m.project_id = p.id AND m.user_id = inviter.id
          WHERE p.owner_id = ${invitations.project_owner_id} AND p.id = ${invitations.project_id}
            AND p.deleted_at IS NULL AND ${isOfUser(sql`p.owner_id`)}
            AND (p.owner_id = inviter.id OR inviter.role = 'admin'
              OR (m.role = 'admin' AND ${invitations.project_role} <> 'admin'))
        )
      END
  )`
) as SQL

/** Why an invitation cannot be accepted. */
export interface InvitationState {
  isAccepted: boolean
  isDeclined: boolean
  isWithdrawn: boolean
  isExpired: boolean
}
export const stateColumns = {
  isAccepted: sql<boolean>`${invitations.accepted_at} IS NOT NULL`,
  isDeclined: sql<boolean>`${invitations.declined_at} IS NOT NULL`,
  isWithdrawn: sql<boolean>`${invitations.withdrawn_at} IS NOT NULL`,
  isExpired: sql<boolean>`${invitations.expires_at} <= now()`
}

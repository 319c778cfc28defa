import { and, eq, type inArray, isNull, or, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { afterCursor, type KeysetPosition, newestFirst } from '../../db/keyset.ts'
import { invitations } from '../../db/tables/invitations.ts'
import { projects } from '../../db/tables/projects.ts'
import type { Invitation, OpenInvitation } from './schema.ts'
import {
  type InvitationState,
  isOpen,
  isPending,
  isToInstallation,
  stateColumns
} from './state.sql.ts'

type NewInvitation = Pick<
  typeof invitations.$inferInsert,
  'id' | 'email' | 'role' | 'token_hash' | 'confirms_email' | 'invited_by'
> & { days: number }

const PURGE_CHUNK = 500
const columns = {
  id: invitations.id,
  // Those to the installation have one.
  email: sql<string>`${invitations.email}`,
  role: invitations.role,
  invited_by: invitations.invited_by,
  created_at: invitations.created_at,
  expires_at: invitations.expires_at
}

const isWaiting = and(isToInstallation, isPending) as SQL

/** Stores an invitation. One that is pending for the same email is renewed, and its earlier token invalid. */
export async function insertInvitation(
  tx: Db,
  { days, ...invitation }: NewInvitation
): Promise<Invitation> {
  const expires_at = sql`now() + make_interval(days => ${days})`
  const { id: _, email: __, ...renewed } = invitation
  const [row] = await tx
    .insert(invitations)
    .values({ ...invitation, expires_at })
    .onConflictDoUpdate({
      target: invitations.email,
      targetWhere: isWaiting,
      set: { ...renewed, created_at: sql`now()`, expires_at }
    })
    .returning(columns)
  return row as Invitation
}

/** Lists the invitations that can be accepted, newest first, from a position if one is given. */
export async function listInvitations(
  db: Db,
  limit: number,
  after?: KeysetPosition
): Promise<Invitation[]> {
  return db
    .select(columns)
    .from(invitations)
    .where(and(isToInstallation, isOpen, afterCursor(invitations, after)))
    .orderBy(...newestFirst(invitations))
    .limit(limit)
}

/** Withdraws an invitation that nobody has accepted; returns false when there is none. */
export async function withdrawInvitation(tx: Db, id: string): Promise<boolean> {
  const withdrawn = await tx
    .update(invitations)
    .set({ withdrawn_at: sql`now()` })
    .where(and(eq(invitations.id, id), isWaiting))
    .returning({ id: invitations.id })
  return withdrawn.length === 1
}

const openColumns = {
  id: invitations.id,
  email: invitations.email,
  role: invitations.role,
  confirms_email: invitations.confirms_email,
  project_owner_id: invitations.project_owner_id,
  project_id: invitations.project_id,
  project_role: invitations.project_role
}

/** Finds the invitation of a token if it can be accepted. */
export async function findOpenInvitation(
  db: Db,
  token_hash: string
): Promise<OpenInvitation | undefined> {
  const [row] = await db
    .select(openColumns)
    .from(invitations)
    .where(and(eq(invitations.token_hash, token_hash), isOpen))
  return row
}

/** Locks the project of an invitation until the transaction ends: nobody else joins it, or is invited, meanwhile. */
export async function lockProjectOf(tx: Db, project_id: string): Promise<void> {
  await tx
    .select({ id: projects.id })
    .from(projects)
    .where(eq(projects.id, project_id))
    .for('update')
}

/** Locks such an invitation: others who accept it wait until the transaction ends, and find it accepted. */
export async function lockOpenInvitation(
  tx: Db,
  token_hash: string
): Promise<OpenInvitation | undefined> {
  const [row] = await tx
    .select(openColumns)
    .from(invitations)
    .where(and(eq(invitations.token_hash, token_hash), isOpen))
    .for('update')
  return row
}

/** Returns what has become of the invitation of a token; undefined when there never was one. */
export async function findInvitationState(
  db: Db,
  token_hash: string
): Promise<InvitationState | undefined> {
  const [row] = await db
    .select(stateColumns)
    .from(invitations)
    .where(eq(invitations.token_hash, token_hash))
  return row
}

/** Stores who has accepted a locked invitation. */
export async function storeAcceptance(
  tx: Db,
  { id, accepted_by }: { id: string; accepted_by: string }
): Promise<void> {
  await tx
    .update(invitations)
    .set({ accepted_at: sql`now()`, accepted_by })
    .where(eq(invitations.id, id))
}

/** Lets an account accept an invitation later, when its token has been used. */
export async function keepForAccount(
  tx: Db,
  { id, user_id }: { id: string; user_id: string }
): Promise<void> {
  await tx.update(invitations).set({ user_id, token_hash: null }).where(eq(invitations.id, id))
}

/** Deletes what names a deleted account: the invitations that it got, and those that it sent to nobody known. */
export async function purgeInvitationsOf(tx: Db, _ctx: unknown, userId: string): Promise<boolean> {
  const named = tx
    .select({ id: invitations.id })
    .from(invitations)
    .where(
      or(
        eq(invitations.accepted_by, userId),
        eq(invitations.user_id, userId),
        and(eq(invitations.invited_by, userId), isNull(invitations.accepted_at))
      )
    )
    .limit(PURGE_CHUNK)
  return (await deleteChunk(tx, named)).more
}

/** Deletes a chunk of the invitations that nobody has accepted in a month after they expired. */
export async function purgeInvitations(db: Db): Promise<{ done: number; more: boolean }> {
  const expired = db
    .select({ id: invitations.id })
    .from(invitations)
    .where(
      and(
        isNull(invitations.accepted_at),
        sql`${invitations.expires_at} < now() - interval '30 days'`
      )
    )
    .limit(PURGE_CHUNK)
    .for('update', { skipLocked: true })
  return deleteChunk(db, expired)
}

async function deleteChunk(
  db: Db,
  ids: Parameters<typeof inArray>[1]
): Promise<{ done: number; more: boolean }> {
  const deleted = await db
    .delete(invitations)
    .where(sql`${invitations.id} IN (${ids})`)
    .returning({ id: invitations.id })
  return { done: deleted.length, more: deleted.length === PURGE_CHUNK }
}

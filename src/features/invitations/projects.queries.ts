import { and, eq, isNotNull, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { afterCursor, type KeysetPosition, newestFirst } from '../../db/keyset.ts'
import { executeRows } from '../../db/rows.ts'
import { invitations } from '../../db/tables/invitations.ts'
import { projects } from '../../db/tables/projects.ts'
import { displayName, users } from '../../db/tables/users.ts'
import type { MemberRole } from '../project-access/schema.ts'
import type { MyInvitation, ProjectInvitation } from './projects.schema.ts'
import { type InvitationState, isOpen, isPending, stateColumns } from './state.sql.ts'

interface ProjectKey {
  owner_id: string
  id: string
}
export type NewProjectInvitation = Pick<
  typeof invitations.$inferInsert,
  'id' | 'email' | 'username' | 'user_id' | 'token_hash' | 'confirms_email' | 'invited_by'
> & { project_role: MemberRole; days: number }

const invitationColumns = {
  id: invitations.id,
  project_id: sql<string>`${invitations.project_id}`,
  username: invitations.username,
  email: invitations.email,
  role: sql<MemberRole>`${invitations.project_role}`,
  invited_by: invitations.invited_by,
  created_at: invitations.created_at,
  expires_at: invitations.expires_at
}

const isOfProject = ({ owner_id, id }: ProjectKey): SQL =>
  and(eq(invitations.project_owner_id, owner_id), eq(invitations.project_id, id)) as SQL

/** It is for this account: by its username then, or by its email, which must be confirmed. */
const isFor = (userId: string): SQL =>
  and(
    isNotNull(invitations.project_id),
    sql`(
      ${invitations.user_id} = ${userId}
      OR ${invitations.email} = (SELECT email FROM users WHERE id = ${userId} AND email_verified)
    )`
  ) as SQL

/** Withdraws what a locked project has pending for the same email or username, and returns the roles of that. */
export async function withdrawEarlier(
  tx: Db,
  project: ProjectKey,
  { email, username }: Pick<NewProjectInvitation, 'email' | 'username'>
): Promise<MemberRole[]> {
  const isSame = email
    ? eq(invitations.email, email)
    : sql`lower(${invitations.username} COLLATE "C") = lower(${username}::text COLLATE "C")`
  const withdrawn = await tx
    .update(invitations)
    .set({ withdrawn_at: sql`now()` })
    .where(and(isOfProject(project), isPending, isSame))
    .returning({ role: invitationColumns.role })
  return withdrawn.map(({ role }) => role)
}

/**
 * Counts the invitations to projects that an email got within an hour, whoever sent them, up to `most`. The email is
 * locked until the transaction ends, so that of several at the same time each sees the others.
 */
export async function countToEmailUnderLock(tx: Db, email: string, most: number): Promise<number> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${email}, 2))`)
  const [row] = await executeRows<{ count: number }>(
    tx,
    sql`
      SELECT count(*)::int AS count
      FROM (
        SELECT FROM invitations
        WHERE email = ${email} AND project_id IS NOT NULL AND created_at > now() - interval '1 hour'
        LIMIT ${most}
      ) got`
  )
  return row?.count ?? 0
}

/** Stores an invitation to a locked project. */
export async function insertProjectInvitation(
  tx: Db,
  { owner_id, id }: ProjectKey,
  { days, ...invitation }: NewProjectInvitation
): Promise<ProjectInvitation> {
  const [row] = await tx
    .insert(invitations)
    .values({
      ...invitation,
      role: 'user',
      project_owner_id: owner_id,
      project_id: id,
      expires_at: sql`now() + make_interval(days => ${days})`
    })
    .returning(invitationColumns)
  return row as ProjectInvitation
}

/** Counts the invitations to a project that can be accepted. */
export const countOpen = (tx: Db, project: ProjectKey): Promise<number> =>
  tx.$count(invitations, and(isOfProject(project), isOpen))

/**
 * Locks an account and counts the invitations to projects that it has sent within an hour, up to `most`; this
 * serializes those that it sends.
 */
export async function countSentUnderLock(
  tx: Db,
  userId: string,
  most: number
): Promise<{ count: number; seconds: number }> {
  await tx.execute(sql`SELECT FROM users WHERE id = ${userId} FOR NO KEY UPDATE`)
  const [row] = await executeRows<{ count: number; seconds: number }>(
    tx,
    sql`
      SELECT
        count(*)::int AS count,
        coalesce(ceil(extract(epoch FROM min(created_at) + interval '1 hour' - now())), 0)::int AS seconds
      FROM (
        SELECT created_at
        FROM invitations
        WHERE invited_by = ${userId} AND created_at > now() - interval '1 hour' AND project_id IS NOT NULL
        ORDER BY created_at DESC
        LIMIT ${most}
      ) sent`
  )
  return row ?? { count: 0, seconds: 0 }
}

/** Lists the invitations to a project that can be accepted, newest first, from a position if one is given. */
export function listOfProject(
  db: Db,
  project: ProjectKey,
  limit: number,
  after?: KeysetPosition
): Promise<ProjectInvitation[]> {
  return db
    .select(invitationColumns)
    .from(invitations)
    .where(and(isOfProject(project), isOpen, afterCursor(invitations, after)))
    .orderBy(...newestFirst(invitations))
    .limit(limit)
}

/** Returns the role of a pending invitation to a locked project. */
export async function findPendingRole(
  tx: Db,
  project: ProjectKey,
  id: string
): Promise<MemberRole | undefined> {
  const [row] = await tx
    .select({ role: invitationColumns.role })
    .from(invitations)
    .where(and(isOfProject(project), eq(invitations.id, id), isPending))
  return row?.role
}

/** Withdraws a pending invitation to a locked project; returns false when it has been declined meanwhile. */
export async function withdrawOne(tx: Db, project: ProjectKey, id: string): Promise<boolean> {
  const withdrawn = await tx
    .update(invitations)
    .set({ withdrawn_at: sql`now()` })
    .where(and(isOfProject(project), eq(invitations.id, id), isPending))
    .returning({ id: invitations.id })
  return withdrawn.length === 1
}

/** Lists the invitations that an account can accept, newest first, from a position if one is given. */
export function listForUser(
  db: Db,
  userId: string,
  limit: number,
  after?: KeysetPosition
): Promise<MyInvitation[]> {
  return db
    .select({
      id: invitations.id,
      project_id: invitationColumns.project_id,
      project_name: projects.name,
      role: invitationColumns.role,
      invited_by: invitations.invited_by,
      invited_by_name: sql<string | null>`${displayName(users)}`,
      created_at: invitations.created_at,
      expires_at: invitations.expires_at
    })
    .from(invitations)
    .innerJoin(
      projects,
      and(
        eq(projects.owner_id, invitations.project_owner_id),
        eq(projects.id, invitations.project_id)
      )
    )
    .leftJoin(users, eq(users.id, invitations.invited_by))
    .where(and(isFor(userId), isOpen, afterCursor(invitations, after)))
    .orderBy(...newestFirst(invitations))
    .limit(limit)
}

/** Returns the invitations that somebody has sent, oldest first, after one if it is given. */
export function listSentBy(db: Db, userId: string, limit: number, after?: KeysetPosition) {
  const { id, created_at } = invitations
  const isAfter =
    after && sql`(${created_at}, ${id}) > (${after.created_at}::timestamptz, ${after.id}::uuid)`
  return db
    .select({
      ...invitationColumns,
      role: sql<string>`coalesce(${invitations.project_role}::text, ${invitations.role}::text)`,
      state: sql<string>`CASE
        WHEN ${invitations.accepted_at} IS NOT NULL THEN 'accepted'
        WHEN ${invitations.declined_at} IS NOT NULL THEN 'declined'
        WHEN ${invitations.withdrawn_at} IS NOT NULL THEN 'withdrawn'
        WHEN ${isOpen} THEN 'open'
        ELSE 'expired'
      END`
    })
    .from(invitations)
    .where(and(eq(invitations.invited_by, userId), isAfter))
    .orderBy(created_at, id)
    .limit(limit)
}

/** Returns the project of an invitation for an account, and what has become of the invitation. */
export async function findForUser(
  tx: Db,
  userId: string,
  id: string
): Promise<(InvitationState & { project_id: string }) | undefined> {
  const [row] = await tx
    .select({ ...stateColumns, project_id: invitationColumns.project_id })
    .from(invitations)
    .where(and(eq(invitations.id, id), isFor(userId)))
  return row
}

/** Uses up an invitation for an account and returns its role; undefined when it is not open. One call does. */
export async function acceptForUser(
  tx: Db,
  userId: string,
  id: string
): Promise<MemberRole | undefined> {
  const [row] = await tx
    .update(invitations)
    .set({ accepted_at: sql`now()`, accepted_by: userId })
    .where(and(eq(invitations.id, id), isFor(userId), isOpen))
    .returning({ role: invitationColumns.role })
  return row?.role
}

/** Declines an invitation for an account; returns false when it is not open. */
export async function declineForUser(tx: Db, userId: string, id: string): Promise<boolean> {
  const declined = await tx
    .update(invitations)
    .set({ declined_at: sql`now()` })
    .where(and(eq(invitations.id, id), isFor(userId), isOpen))
    .returning({ id: invitations.id })
  return declined.length === 1
}

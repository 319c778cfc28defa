import { and, eq, isNotNull, isNull, type SQL, sql } from 'drizzle-orm'
import { type Actor, type RequestContext, systemRequestId } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { owners } from '../../db/tables/owners.ts'
import { users } from '../../db/tables/users.ts'

/** Requests of a deleted account that were in progress may still write for this long. */
const GRACE_SECONDS = 15
const MAX_AT_ONCE = 50
/** What stays is in the trash for days. */
const POSTPONE_SECONDS = 3600

const isDeleted = (id: string): SQL => and(eq(users.id, id), isNotNull(users.deleted_at)) as SQL

/** Turns an account into its id, which nobody can use or see; username and email are available again. */
export async function markDeleted(tx: Db, id: string): Promise<void> {
  await tx
    .update(users)
    .set({
      username: null,
      email: null,
      name: null,
      password_hash: null,
      email_verified: false,
      role: 'user',
      disabled: true,
      deleted_at: sql`now()`,
      updated_at: sql`now()`
    })
    .where(and(eq(users.id, id), isNull(users.deleted_at)))
}

/**
 * Lists deleted accounts of which something is left that can be deleted now, in any order, so that a large
 * one keeps no other waiting.
 */
export async function listDeleted(db: Db): Promise<string[]> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        isNotNull(users.deleted_at),
        sql`(${users.purge_after} IS NULL OR ${users.purge_after} < now())`
      )
    )
    .orderBy(sql`random()`)
    .limit(MAX_AT_ONCE)
  return rows.map(({ id }) => id)
}

/** Leaves a deleted account alone for a while, of which everything is deleted that can be for now. */
export async function postponePurge(db: Db, id: string): Promise<void> {
  await db
    .update(users)
    .set({ purge_after: sql`now() + make_interval(secs => ${POSTPONE_SECONDS})` })
    .where(isDeleted(id))
}

/** Locks a deleted account; false when it is completely deleted, or another process has it at this moment. */
export async function lockDeleted(tx: Db, id: string): Promise<boolean> {
  const locked = await tx
    .select({ id: users.id })
    .from(users)
    .where(isDeleted(id))
    .for('no key update', { skipLocked: true })
  return locked.length === 1
}

/**
 * Locks a deleted account against every new reference to it, if it is old enough that none of its requests can still be
 * in progress.
 */
export async function lockToRemove(tx: Db, id: string): Promise<boolean> {
  const locked = await tx
    .select({ id: users.id })
    .from(users)
    .where(
      and(isDeleted(id), sql`${users.deleted_at} < now() - make_interval(secs => ${GRACE_SECONDS})`)
    )
    .for('update', { skipLocked: true })
  if (locked.length === 0) {
    return false
  }
  // What is owned refers to this one.
  await tx.execute(sql`SELECT FROM ${owners} WHERE owner_id = ${id} FOR UPDATE`)
  return true
}

/** Deletes the rest of a deleted account; foreign keys delete the little that may refer to it. */
export async function removeDeleted(tx: Db, id: string): Promise<void> {
  await tx.delete(owners).where(eq(owners.owner_id, id))
  await tx.delete(users).where(isDeleted(id))
}

/** Returns who deleted an account in which request, as the audit log knows it. */
export async function findDeletionContext(db: Db, id: string): Promise<RequestContext<Actor>> {
  const [event] = await executeRows<{ actor_id: string; request_id: string }>(
    db,
    sql`
      SELECT actor_id, request_id
      FROM audit_events
      WHERE subject_id = ${id} AND action = 'user.deleted' AND outcome = 'succeeded'
      ORDER BY created_at DESC, id DESC
      LIMIT 1`
  )
  return {
    caller: { id: event?.actor_id ?? id, name: null },
    requestId: event?.request_id ?? systemRequestId('accounts.purge'),
    ip: null,
    userAgent: null
  }
}

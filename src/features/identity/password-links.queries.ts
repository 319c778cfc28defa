import { and, eq, gt, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { passwordLinks as links } from '../../db/tables/password-links.ts'
import { users } from '../../db/tables/users.ts'
import { timestampFromDatabase } from '../../lib/timestamp.ts'

export interface PasswordLinkOwner {
  user_id: string
  confirms_email: boolean
}
interface NewPasswordLink {
  user_id: string
  token_hash: string
  confirms_email: boolean
  hours: number
}

const PURGE_CHUNK = 500

/** Without the role: an admin may promote somebody who has yet to choose a password. */
const fingerprint = sql`encode(
    sha256(convert_to(jsonb_build_array(users.password_hash, users.email)::text, 'UTF8')),
    'hex'
  )`

const isValid = (hash: string) =>
  and(
    eq(links.token_hash, hash),
    gt(links.expires_at, sql`now()`),
    sql`EXISTS (
      SELECT 1
      FROM users
      WHERE users.id = ${links.user_id} AND NOT users.disabled AND ${fingerprint} = ${links.account_fingerprint}
    )`
  )

/** Stores the link of an account in place of an earlier one; returns when it expires. */
export async function insertPasswordLink(
  tx: Db,
  { user_id, token_hash, confirms_email, hours }: NewPasswordLink
): Promise<string | undefined> {
  const [row] = await executeRows<{ expires_at: string }>(
    tx,
    sql`
      INSERT INTO password_links (user_id, token_hash, account_fingerprint, confirms_email, expires_at)
      SELECT users.id, ${token_hash}, ${fingerprint}, ${confirms_email}, now() + make_interval(hours => ${hours})
      FROM users
      WHERE users.id = ${user_id}
      ON CONFLICT (user_id) DO UPDATE
      SET token_hash = excluded.token_hash,
        account_fingerprint = excluded.account_fingerprint,
        confirms_email = excluded.confirms_email,
        created_at = excluded.created_at,
        expires_at = excluded.expires_at
      RETURNING expires_at`
  )
  return row && timestampFromDatabase(row.expires_at)
}

/** Finds whose password a link may replace, without using the link. */
export async function findPasswordLink(
  db: Db,
  hash: string
): Promise<PasswordLinkOwner | undefined> {
  const [row] = await db
    .select({ user_id: links.user_id, confirms_email: links.confirms_email })
    .from(links)
    .where(isValid(hash))
  return row
}

/** Returns true for the one request that may use a link. The account is locked first, as where links are created. */
export async function redeemPasswordLink(
  tx: Db,
  { hash, user_id }: { hash: string; user_id: string }
): Promise<boolean> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, user_id)).for('no key update')
  const redeemed = await tx
    .delete(links)
    .where(and(eq(links.user_id, user_id), isValid(hash)))
    .returning({ user_id: links.user_id })
  return redeemed.length === 1
}

/** Deletes the link of an account that may do less than when it was created. */
export async function deletePasswordLink(tx: Db, user_id: string): Promise<void> {
  await tx.delete(links).where(eq(links.user_id, user_id))
}

/** Deletes a chunk of the links that have expired. */
export async function purgePasswordLinks(db: Db): Promise<{ done: number; more: boolean }> {
  const expired = db
    .select({ user_id: links.user_id })
    .from(links)
    .where(sql`${links.expires_at} < now()`)
    .limit(PURGE_CHUNK)
    .for('update', { skipLocked: true })
  const purged = await db
    .delete(links)
    .where(sql`${links.user_id} IN (${expired})`)
    .returning({ user_id: links.user_id })
  return { done: purged.length, more: purged.length === PURGE_CHUNK }
}

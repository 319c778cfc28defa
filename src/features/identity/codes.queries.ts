import { and, eq, gt, isNotNull, isNull, lt, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { oneTimeCodes as codes } from '../../db/tables/one-time-codes.ts'
import { users } from '../../db/tables/users.ts'
import {
  accountFingerprint,
  findOwnerSql,
  isAccountUnchanged,
  MAX_ATTEMPTS,
  newestFor,
  registerAttemptSql,
  sentToEmail
} from './codes.sql.ts'

export type CodePurpose = 'password_reset' | 'email'
/** The account that a code is for. */
export interface CodeOwner {
  id: string
  name: string | null
  account_fingerprint: string
}
export interface EmailOwner extends CodeOwner {
  email: string
  email_verified: boolean
}
export type NewCode = Pick<
  typeof codes.$inferInsert,
  'id' | 'purpose' | 'subject' | 'user_id' | 'email_mac' | 'account_fingerprint' | 'code_mac'
>
export type AttemptedCode = Pick<typeof codes.$inferSelect, 'id' | 'code_mac' | 'user_id'>
/** How many codes were requested recently, and the one that is still open. */
export interface RecentCodes {
  inMinute: number
  inHour: number
  inDay: number
  open_id: string | null
  toEmail: number
}

const PURGE_CHUNK = 500

const isOpen = and(
  isNull(codes.used_at),
  gt(codes.expires_at, sql`now()`),
  lt(codes.attempts, MAX_ATTEMPTS)
) as SQL
const inMinutes = (minutes: number) => sql`now() + make_interval(mins => ${minutes})`

/** Finds the enabled account with an email, in the same time whether or not there is one. */
export async function findEmailOwner(db: Db, email: string): Promise<EmailOwner | undefined> {
  const [row] = await executeRows<{ [field in keyof EmailOwner]: EmailOwner[field] | null }>(
    db,
    findOwnerSql(email)
  )
  return row?.id == null ? undefined : (row as EmailOwner)
}

/** Reads the fingerprint of an account in the transaction that creates a code for it. */
export async function findAccountFingerprint(tx: Db, user_id: string): Promise<string | undefined> {
  const [row] = await tx
    .select({ account_fingerprint: accountFingerprint })
    .from(users)
    .where(eq(users.id, user_id))
  return row?.account_fingerprint
}

/** Counts the recent codes of a subject; others who request one for it wait until the transaction ends. */
export async function lockAndCountRecent(
  tx: Db,
  purpose: CodePurpose,
  subject: string,
  emailMac: string
): Promise<RecentCodes> {
  await tx.execute(
    sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${purpose} ${subject}`}, 2))`
  )
  const within = (span: string) =>
    sql<number>`count(*) FILTER (WHERE ${codes.created_at} > now() - ${span}::interval)::int`
  const newestOpen = sql<string | null>`(
    array_agg(${codes.id} ORDER BY ${codes.created_at} DESC) FILTER (WHERE ${isOpen})
  )[1]`
  const [row] = await tx
    .select({
      inMinute: within('1 minute'),
      inHour: within('1 hour'),
      inDay: within('1 day'),
      open_id: newestOpen,
      toEmail: sentToEmail(emailMac)
    })
    .from(codes)
    .where(
      and(
        eq(codes.purpose, purpose),
        eq(codes.subject, subject),
        gt(codes.created_at, sql`now() - interval '1 day'`)
      )
    )
  return row as RecentCodes
}

/** Stores a code; the earlier ones of its subject expire now. */
export async function insertCode(tx: Db, code: NewCode, minutes: number): Promise<void> {
  await tx
    .update(codes)
    .set({ expires_at: sql`now()` })
    .where(
      and(
        eq(codes.purpose, code.purpose),
        eq(codes.subject, code.subject),
        gt(codes.expires_at, sql`now()`)
      )
    )
  await tx.insert(codes).values({ ...code, expires_at: inMinutes(minutes) })
}

/** Deletes a chunk of the codes that count towards no limit any more. */
export async function purgeCodes(db: Db): Promise<{ done: number; more: boolean }> {
  const old = db
    .select({ id: codes.id })
    .from(codes)
    .where(sql`${codes.created_at} < now() - interval '1 day'`)
    .limit(PURGE_CHUNK)
    .for('update', { skipLocked: true })
  const purged = await db
    .delete(codes)
    .where(sql`${codes.id} IN (${old})`)
    .returning({ id: codes.id })
  return { done: purged.length, more: purged.length === PURGE_CHUNK }
}

/**
 * Counts an attempt for one code before anything is compared, as a statement of its own, so that no rollback takes it
 * back. Returns nothing when the code takes no more attempts.
 */
export const registerAttempt = (
  db: Db,
  purpose: CodePurpose,
  id: string
): Promise<AttemptedCode[]> =>
  executeRows(db, registerAttemptSql(sql`c.purpose = ${purpose} AND c.id = ${id}`))

/** Does the same for the newest codes that were sent to an email. */
export const registerAttemptsFor = (
  db: Db,
  purpose: CodePurpose,
  emailMacs: string[]
): Promise<AttemptedCode[]> => executeRows(db, registerAttemptSql(newestFor(purpose, emailMacs)))

/** Uses a right code once: of parallel requests, one gets the id of its account. */
export async function redeemCode(
  tx: Db,
  id: string,
  token?: { hash: string; minutes: number }
): Promise<string | undefined> {
  const exchange = token && { token_hash: token.hash, token_expires_at: inMinutes(token.minutes) }
  const [row] = await tx
    .update(codes)
    .set({ used_at: sql`now()`, ...exchange })
    .where(and(eq(codes.id, id), isNull(codes.used_at), isAccountUnchanged))
    .returning({ user_id: codes.user_id })
  return row?.user_id ?? undefined
}

const isLiveToken = (hash: string) =>
  and(
    eq(codes.token_hash, hash),
    isNull(codes.token_used_at),
    gt(codes.token_expires_at, sql`now()`),
    isNotNull(codes.user_id),
    isAccountUnchanged
  )

/** Finds the account whose password a reset token may replace, without using the token. */
export async function findResetTokenOwner(db: Db, hash: string): Promise<string | undefined> {
  const [row] = await db.select({ user_id: codes.user_id }).from(codes).where(isLiveToken(hash))
  return row?.user_id ?? undefined
}

/** Returns true for the one request that may use a reset token. */
export async function redeemResetToken(tx: Db, hash: string): Promise<boolean> {
  const redeemed = await tx
    .update(codes)
    .set({ token_used_at: sql`now()` })
    .where(isLiveToken(hash))
    .returning({ id: codes.id })
  return redeemed.length === 1
}

import { and, eq, gt, isNotNull, isNull, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { oneTimeCodes as codes } from '../../db/tables/one-time-codes.ts'
import { users } from '../../db/tables/users.ts'
import {
  accountFingerprint,
  type EmailWithMacs,
  type Entrant,
  findOwnerSql,
  isAccountUnchanged,
  registerAttemptSql,
  registerAttemptsSql,
  sentToEmail,
  staysAccountUnchanged
} from './codes.sql.ts'

export type CodePurpose = 'password_reset' | 'email'
/** The account that a code is for. */
export interface CodeOwner {
  id: string
  /** Null unless its email is confirmed: until then the name may be a stranger's. */
  confirmed_name: string | null
  account_fingerprint: string
}
export interface EmailOwner extends CodeOwner {
  email: string
  email_verified: boolean
}
export type NewCode = CodeScope &
  Pick<
    typeof codes.$inferInsert,
    'id' | 'user_id' | 'email_mac' | 'account_fingerprint' | 'code_mac' | 'is_known'
  >
export type AttemptedCode = Pick<
  typeof codes.$inferSelect,
  'id' | 'code_of' | 'code_mac' | 'user_id'
>
/** A code that was sent to an email. */
export type AttemptedClaim = AttemptedCode & {
  /** Its account has this email already. */
  is_current: boolean
  /** Another account waits for the same email. */
  has_rivals: boolean
}
/** Whose codes are counted: those of a subject, apart for the network that asks. */
export interface CodeScope {
  purpose: CodePurpose
  subject: string
  network: string
}
/** How many requests there were recently. */
export interface RecentCodes {
  /** Emails to this network within a minute, and its requests within an hour and a day. */
  inMinute: number
  inHour: number
  inDay: number
  /** Requests within a day by networks that have not opened the account, and by all. */
  unknown: number
  all: number
  toEmail: number
}

const PURGE_CHUNK = 500

const ofNetwork = ({ purpose, subject, network }: CodeScope): SQL =>
  and(eq(codes.purpose, purpose), eq(codes.subject, subject), eq(codes.network, network)) as SQL
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
  scope: CodeScope,
  emailMac: string
): Promise<RecentCodes> {
  const { purpose, subject, network } = scope
  await tx.execute(
    sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${purpose} ${subject}`}, 2))`
  )
  const count = (condition: SQL) => sql<number>`(count(*) FILTER (WHERE ${condition}))::int`
  const isOwn = sql`${codes.network} = ${network}`
  const within = (span: SQL) => sql`${isOwn} AND ${codes.created_at} > now() - ${span}`
  const [row] = await tx
    .select({
      inMinute: count(sql`${within(sql`interval '1 minute'`)} AND ${codes.code_of} IS NULL`),
      inHour: count(within(sql`interval '1 hour'`)),
      inDay: count(isOwn),
      unknown: count(sql`NOT ${codes.is_known}`),
      all: count(sql`true`),
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

/** Stores a code; the earlier ones of its subject expire now: all, or those that its network asked for. */
export async function insertCode(
  tx: Db,
  code: NewCode,
  { minutes, replacesAll }: { minutes: number; replacesAll: boolean }
): Promise<void> {
  const isReplaced = replacesAll
    ? and(eq(codes.purpose, code.purpose), eq(codes.subject, code.subject))
    : ofNetwork(code)
  await tx
    .update(codes)
    .set({ expires_at: sql`now()` })
    .where(and(isReplaced, gt(codes.expires_at, sql`now()`)))
  await tx.insert(codes).values({ ...code, expires_at: inMinutes(minutes) })
}

/** Lets another request use the code that its network was sent last, with attempts of its own. */
export async function shareCode(tx: Db, id: string, scope: CodeScope): Promise<void> {
  await tx.execute(sql`
    INSERT INTO one_time_codes (
      id, purpose, subject, user_id, email_mac, account_fingerprint, code_mac, code_of, network, is_known, expires_at
    )
    SELECT
      ${id}, purpose, subject, user_id, email_mac, account_fingerprint, code_mac, id, network, is_known, expires_at
    FROM one_time_codes
    WHERE ${ofNetwork(scope)} AND code_of IS NULL AND used_at IS NULL AND expires_at > now()
    ORDER BY created_at DESC
    LIMIT 1`)
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
): Promise<AttemptedCode[]> => executeRows(db, registerAttemptSql(purpose, id))

/** Does the same for the newest codes that were sent to an email. */
export const registerAttemptsFor = (
  db: Db,
  email: EmailWithMacs,
  entrant: Entrant
): Promise<AttemptedClaim[]> => executeRows<AttemptedClaim>(db, registerAttemptsSql(email, entrant))

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
    .where(and(eq(codes.id, id), isNull(codes.used_at), staysAccountUnchanged))
    .returning({ user_id: codes.user_id })
  return row?.user_id ?? undefined
}

const isLiveToken = (hash: string, isOfUnchanged: SQL) =>
  and(
    eq(codes.token_hash, hash),
    isNull(codes.token_used_at),
    gt(codes.token_expires_at, sql`now()`),
    isNotNull(codes.user_id),
    isOfUnchanged
  )

/** Finds the account whose password a reset token may replace, without using the token. */
export async function findResetTokenOwner(db: Db, hash: string): Promise<string | undefined> {
  const [row] = await db
    .select({ user_id: codes.user_id })
    .from(codes)
    .where(isLiveToken(hash, isAccountUnchanged))
  return row?.user_id ?? undefined
}

/** Returns true for the one request that may use a reset token. */
export async function redeemResetToken(tx: Db, hash: string): Promise<boolean> {
  const redeemed = await tx
    .update(codes)
    .set({ token_used_at: sql`now()` })
    .where(isLiveToken(hash, staysAccountUnchanged))
    .returning({ id: codes.id })
  return redeemed.length === 1
}

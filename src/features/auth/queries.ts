import { and, eq, gt, isNotNull, isNull, lt, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { oneTimeCodes as codes } from '../../db/tables/one-time-codes.ts'
import { users } from '../../db/tables/users.ts'

export type Purpose = 'password_reset' | 'email'
/** Whose code it is: somebody with an account, or nobody. */
export interface CodeOwner {
  id: string
  account_fingerprint: string
}
export interface Reader extends CodeOwner {
  address: string
  name: string | null
  email_verified: boolean
}

/** Tries for one code, and wrong tries for one account in a day: a day of guessing then succeeds once in ten million. */
const MAX_TRIES = 5
const MAX_WRONG_A_DAY = 10
/** Several accounts may wait for the same address to be confirmed; so many of them are looked at. */
const MAX_CLAIMS = 5
const PURGE_CHUNK = 500

/** What a code is bound to: a new password, role or address makes every code of before worthless. */
const account_fingerprint = sql<string>`encode(sha256(convert_to(jsonb_build_array(${users.password_hash}, ${users.role}, ${users.email})::text, 'UTF8')), 'hex')`
const isOpen = and(
  isNull(codes.used_at),
  gt(codes.expires_at, sql`now()`),
  lt(codes.attempts, MAX_TRIES)
) as SQL
/** The account is enabled and has not changed since. */
const isHeld = sql`exists (select 1 from ${users} where ${users.id} = ${codes.user_id} and not ${users.disabled} and ${account_fingerprint} = ${codes.account_fingerprint})`
const inMinutes = (minutes: number) => sql`now() + make_interval(mins => ${minutes})`

/** The enabled account behind an address. There is always a row, of nulls if need be, so that nobody can hear from the time whether there was one. */
export async function findReader(db: Db, address: string): Promise<Reader | undefined> {
  const [row] = await executeRows<{ [field in keyof Reader]: Reader[field] | null }>(
    db,
    sql`
    select ${users.id}, ${users.email} as address, ${account_fingerprint} as account_fingerprint, ${users.name}, ${users.email_verified}
    from (select 1) one left join ${users} on ${users.email} = ${address} and not ${users.disabled}`
  )
  return row?.id == null ? undefined : (row as Reader)
}

/** The account_fingerprint of an account, in the transaction that makes a code for it. */
export async function findAccountFingerprint(tx: Db, user_id: string): Promise<string | undefined> {
  const [row] = await tx.select({ account_fingerprint }).from(users).where(eq(users.id, user_id))
  return row?.account_fingerprint
}

/** How many codes were asked for of late, and the one that is still open. Holds all others who ask for the same subject until the transaction ends. */
export async function lockAndCountRecent(
  tx: Db,
  purpose: Purpose,
  subject: string,
  email_mac: string
) {
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`${purpose} ${subject}`}, 2))`
  )
  const within = (span: string) =>
    sql<number>`count(*) filter (where ${codes.created_at} > now() - ${span}::interval)::int`
  const [row] = await tx
    .select({
      inMinute: within('1 minute'),
      inHour: within('1 hour'),
      inDay: within('1 day'),
      open_id: sql<
        string | null
      >`(array_agg(${codes.id} order by ${codes.created_at} desc) filter (where ${isOpen}))[1]`,
      toMailbox: sql<number>`(select count(*) from one_time_codes same where same.email_mac = ${email_mac} and same.created_at > now() - interval '1 hour')::int`
    })
    .from(codes)
    .where(
      and(
        eq(codes.purpose, purpose),
        eq(codes.subject, subject),
        gt(codes.created_at, sql`now() - interval '1 day'`)
      )
    )
  return row as {
    inMinute: number
    inHour: number
    inDay: number
    open_id: string | null
    toMailbox: number
  }
}

export type NewCode = Pick<
  typeof codes.$inferInsert,
  'id' | 'purpose' | 'subject' | 'user_id' | 'email_mac' | 'account_fingerprint' | 'code_mac'
>

/** Writes a code; the earlier ones of its subject end now. */
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

/** Removes a chunk of the codes that no limit counts any more. */
export async function purgeCodes(db: Db): Promise<{ done: number; more: boolean }> {
  const old = db
    .select({ id: codes.id })
    .from(codes)
    .where(sql`${codes.created_at} < now() - interval '1 day'`)
    .limit(PURGE_CHUNK)
    .for('update', { skipLocked: true })
  const purged = await db
    .delete(codes)
    .where(sql`${codes.id} in (${old})`)
    .returning({ id: codes.id })
  return { done: purged.length, more: purged.length === PURGE_CHUNK }
}

export type Tried = Pick<typeof codes.$inferSelect, 'id' | 'code_mac' | 'user_id'>

/**
 * Counts a try of one code before anybody knows whether it is right, as a statement of its own. The row's lock makes
 * parallel tries take turns, and each sees the count of the one before. Gives nothing when the code takes no more tries.
 */
export const registerAttempt = (db: Db, purpose: Purpose, id: string): Promise<Tried[]> =>
  countTries(db, sql`c.purpose = ${purpose} and c.id = ${id}`)

/** The same for the newest codes that went to a email_mac, which has a name by each key. */
export const countAttemptsAt = (db: Db, purpose: Purpose, mailboxes: string[]): Promise<Tried[]> =>
  countTries(
    db,
    sql`c.id in (
  select id from one_time_codes where email_mac in ${mailboxes} and purpose = ${purpose} and used_at is null and expires_at > now() order by created_at desc limit ${MAX_CLAIMS})`
  )

function countTries(db: Db, which: SQL): Promise<Tried[]> {
  return executeRows<Tried>(
    db,
    sql`
    update one_time_codes c set attempts = c.attempts + 1
    where ${which} and c.used_at is null and c.expires_at > now() and c.attempts < ${MAX_TRIES}
      and c.attempts + (select coalesce(sum(d.attempts - (d.used_at is not null)::int), 0) from one_time_codes d
        where d.purpose = c.purpose and d.subject = c.subject and d.id <> c.id and d.created_at > now() - interval '1 day') < ${MAX_WRONG_A_DAY}
    returning c.id, c.code_mac, c.user_id`
  )
}

/** Uses a right code, once: of parallel requests one gets the id of its holder. */
export async function redeemCode(
  tx: Db,
  id: string,
  token?: { hash: string; minutes: number }
): Promise<string | undefined> {
  const exchange = token && { token_hash: token.hash, token_expires_at: inMinutes(token.minutes) }
  const [row] = await tx
    .update(codes)
    .set({ used_at: sql`now()`, ...exchange })
    .where(and(eq(codes.id, id), isNull(codes.used_at), isHeld))
    .returning({ user_id: codes.user_id })
  return row?.user_id ?? undefined
}

const isLiveToken = (hash: string) =>
  and(
    eq(codes.token_hash, hash),
    isNull(codes.token_used_at),
    gt(codes.token_expires_at, sql`now()`),
    isNotNull(codes.user_id),
    isHeld
  )

/** Whose password a reset token may replace. Spends nothing. */
export async function findResetTokenOwner(db: Db, hash: string): Promise<string | undefined> {
  const [row] = await db.select({ user_id: codes.user_id }).from(codes).where(isLiveToken(hash))
  return row?.user_id ?? undefined
}

/** True for the one request that may use a reset token. */
export async function redeemResetToken(tx: Db, hash: string): Promise<boolean> {
  const spent = await tx
    .update(codes)
    .set({ token_used_at: sql`now()` })
    .where(isLiveToken(hash))
    .returning({ id: codes.id })
  return spent.length === 1
}

import { type SQL, sql } from 'drizzle-orm'
import { oneTimeCodes as codes } from '../../db/tables/one-time-codes.ts'
import { users } from '../../db/tables/users.ts'

/** Attempts for one code by whoever asked for it; all others together have as many, where they have any. */
export const MAX_ATTEMPTS = 5
/** Several accounts may wait for the same email to be confirmed; only this many of them are tried. */
const MAX_CLAIMS = 50

/** What a code is bound to: a new password, role or email makes every earlier code worthless. */
export const accountFingerprint = sql<string>`encode(
    sha256(
      convert_to(
        jsonb_build_array(${users.password_hash}, ${users.role}, ${users.email})::text,
        'UTF8'
      )
    ),
    'hex'
  )`

const unchangedAccount = sql`
    SELECT 1
    FROM ${users}
    WHERE ${users.id} = ${codes.user_id}
      AND NOT ${users.disabled}
      AND ${accountFingerprint} = ${codes.account_fingerprint}`

/** The account is enabled and has not changed since the code was created. */
export const isAccountUnchanged = sql`EXISTS (${unchangedAccount})`

/** The same, until the transaction ends: a change of the account that is about to commit comes before. */
export const staysAccountUnchanged = sql`EXISTS (${unchangedAccount} FOR NO KEY UPDATE OF ${users})`

/** Always returns a row, of nulls if need be, so that the time it takes does not show whether there is an account. */
export const findOwnerSql = (email: string): SQL => sql`
  SELECT
    ${users.id},
    ${users.email} AS email,
    ${accountFingerprint} AS account_fingerprint,
    CASE WHEN ${users.email_verified} THEN ${users.name} END AS confirmed_name,
    ${users.email_verified}
  FROM (SELECT 1) one
  LEFT JOIN ${users} ON ${users.email} = ${email} AND NOT ${users.disabled}`

/** Codes that were sent to an email in the last hour, whatever account they are for. */
export const sentToEmail = (emailMac: string): SQL<number> => sql<number>`(
    SELECT count(*)
    FROM one_time_codes same
    WHERE same.email_mac = ${emailMac}
      AND same.created_at > now() - interval '1 hour'
  )::int`

const isOpen = (alias: SQL): SQL => sql`${alias}.used_at IS NULL AND ${alias}.expires_at > now()`
const toEmail = (alias: SQL, emailMacs: string[]): SQL =>
  sql`${alias}.email_mac IN ${emailMacs} AND ${alias}.purpose = 'email' AND ${isOpen(alias)}`

/** The row's lock makes parallel attempts take turns, and each sees the count of the one before. */
export const registerAttemptSql = (purpose: string, id: string): SQL => sql`
  UPDATE one_time_codes c
  SET attempts = c.attempts + 1
  WHERE c.purpose = ${purpose} AND c.id = ${id} AND ${isOpen(sql`c`)} AND c.attempts < ${MAX_ATTEMPTS}
  RETURNING c.id, c.code_of, c.code_mac, c.user_id`

/** Who enters a code for an email: an account that is logged in, or somebody in these networks. */
export interface Entrant {
  caller: string | undefined
  networks: string[]
}
/** An email, which has one MAC for each accepted secret. */
export interface EmailWithMacs {
  email: string
  macs: string[]
}

/**
 * Counts an attempt for the newest open codes that were sent to an email. A caller who is logged in only tries the
 * codes of their account.
 */
export const registerAttemptsSql = (
  { email, macs }: EmailWithMacs,
  { caller, networks }: Entrant
): SQL => {
  const isOwn =
    caller === undefined
      ? sql`coalesce(c.network IN ${networks}, false)`
      : sql`c.user_id = ${caller}`
  return sql`
    UPDATE one_time_codes c
    SET attempts = c.attempts + (${isOwn})::int, other_attempts = c.other_attempts + (NOT ${isOwn})::int
    WHERE c.id IN (
        SELECT o.id
        FROM one_time_codes o
        WHERE ${toEmail(sql`o`, macs)}${caller === undefined ? sql`` : sql` AND o.user_id = ${caller}`}
        ORDER BY o.created_at DESC
        LIMIT ${MAX_CLAIMS}
      )
      AND ${isOpen(sql`c`)}
      AND CASE WHEN ${isOwn} THEN c.attempts ELSE c.other_attempts END < ${MAX_ATTEMPTS}
    RETURNING c.id, c.code_of, c.code_mac, c.user_id,
      (SELECT u.email = ${email} FROM users u WHERE u.id = c.user_id) IS TRUE AS is_current,
      EXISTS (
        SELECT
        FROM one_time_codes r
        JOIN users u ON u.id = r.user_id AND u.email IS DISTINCT FROM ${email}
        WHERE ${toEmail(sql`r`, macs)} AND r.user_id <> c.user_id
      ) AS has_rivals`
}

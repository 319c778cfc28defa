import { type SQL, sql } from 'drizzle-orm'
import { oneTimeCodes as codes } from '../../db/tables/one-time-codes.ts'
import { users } from '../../db/tables/users.ts'

/** Attempts for one code, and wrong ones for one account in a day: a day of guessing succeeds once in ten million. */
export const MAX_ATTEMPTS = 5
const MAX_WRONG_A_DAY = 10
/** Several accounts may wait for the same email to be confirmed; only this many of them are tried. */
const MAX_CLAIMS = 5

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

/** The account is enabled and has not changed since the code was created. */
export const isAccountUnchanged = sql`EXISTS (
    SELECT 1
    FROM ${users}
    WHERE ${users.id} = ${codes.user_id}
      AND NOT ${users.disabled}
      AND ${accountFingerprint} = ${codes.account_fingerprint}
  )`

/** Always returns a row, of nulls if need be, so that the time it takes does not show whether there is an account. */
export const findOwnerSql = (email: string): SQL => sql`
  SELECT
    ${users.id},
    ${users.email} AS email,
    ${accountFingerprint} AS account_fingerprint,
    ${users.name},
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

/** The newest open codes for an email, which has one MAC for each accepted secret. */
export const newestFor = (purpose: string, emailMacs: string[]): SQL => sql`c.id IN (
    SELECT id
    FROM one_time_codes
    WHERE email_mac IN ${emailMacs}
      AND purpose = ${purpose}
      AND used_at IS NULL
      AND expires_at > now()
    ORDER BY created_at DESC
    LIMIT ${MAX_CLAIMS}
  )`

/** The row's lock makes parallel attempts take turns, and each sees the count of the one before. */
export const registerAttemptSql = (which: SQL): SQL => sql`
  UPDATE one_time_codes c
  SET attempts = c.attempts + 1
  WHERE ${which}
    AND c.used_at IS NULL
    AND c.expires_at > now()
    AND c.attempts < ${MAX_ATTEMPTS}
    AND c.attempts + (
      SELECT coalesce(sum(d.attempts - (d.used_at IS NOT NULL)::int), 0)
      FROM one_time_codes d
      WHERE d.purpose = c.purpose
        AND d.subject = c.subject
        AND d.id <> c.id
        AND d.created_at > now() - interval '1 day'
    ) < ${MAX_WRONG_A_DAY}
  RETURNING c.id, c.code_mac, c.user_id`

import { type SQL, sql } from 'drizzle-orm'

/** Failures of an identifier from one network within the window, before that network is blocked. */
const MAX_FAILURES = 5
const WINDOW = sql`INTERVAL '15 minutes'`
const FIRST_BLOCK_SECONDS = 60
const LONGEST_BLOCK_SECONDS = 900
/**
 * Failures of an identifier from all networks in a day (NIST SP 800-63B, 5.2.2). Beyond, only networks from which its
 * account was opened before may try.
 */
const MAX_ACCOUNT_FAILURES = 100
const DAY = sql`INTERVAL '1 day'`
const ALL_NETWORKS = '*'
/** An attempt that has not ended by then was abandoned: its process has died. */
const ABANDONED = sql`INTERVAL '30 seconds'`

/** An identifier, as an HMAC, and a client network. */
export interface Source {
  subject: string
  network: string
}
/** With the subject under which the networks are stored that have opened the account. */
export interface Attempt extends Source {
  opened: string
}

const matches = ({ subject, network }: Source, alias: SQL): SQL =>
  sql`${alias}.subject = ${subject} AND ${alias}.network = ${network}`
const openedFrom = ({ opened, network }: Attempt): Source => ({ subject: opened, network })
const allNetworks = (source: Source): Source => ({ ...source, network: ALL_NETWORKS })

const pending = sql`CASE WHEN t.attempted_at < now() - ${ABANDONED} THEN 0 ELSE t.pending END`
/** The window has passed since the first of a few failures, or since the end of the block. */
const isExpired = sql`
  CASE WHEN t.failures < ${MAX_FAILURES} THEN t.window_started_at ELSE t.blocked_until END < now() - ${WINDOW}`
const failures = sql`CASE WHEN ${isExpired} THEN 0 ELSE t.failures END`

/** Seconds for which attempts are rejected from networks that have not opened the account; 0 when they are not. */
const accountLockSeconds = (source: Attempt) => sql`
  coalesce((
    SELECT extract(epoch FROM a.window_started_at + ${DAY} - now())
    FROM login_throttle a
    WHERE ${matches(allNetworks(source), sql`a`)}
      AND a.failures >= ${MAX_ACCOUNT_FAILURES}
      AND a.window_started_at > now() - ${DAY}
      AND NOT EXISTS (SELECT 1 FROM login_throttle k WHERE ${matches(openedFrom(source), sql`k`)})
  ), 0)`

/** Returns a row if an account was opened from a network before. */
export const selectOpened = (source: Source): SQL =>
  sql`SELECT 1 AS one FROM login_throttle t WHERE ${matches(source, sql`t`)}`

/**
 * Reserves an attempt and returns a row, or none. The row lock serializes parallel attempts, so each sees the last
 * count.
 */
export const reserve = (source: Attempt): SQL => sql`
  INSERT INTO login_throttle AS t (subject, network, pending)
  SELECT ${source.subject}, ${source.network}, 1
  WHERE ${accountLockSeconds(source)} = 0
  ON CONFLICT (subject, network) DO UPDATE SET
    failures = ${failures},
    pending = ${pending} + 1,
    attempted_at = now(),
    window_started_at = CASE WHEN ${isExpired} OR t.failures = 0 THEN now() ELSE t.window_started_at END,
    blocked_until = CASE WHEN ${isExpired} THEN NULL ELSE t.blocked_until END
  WHERE CASE
    WHEN ${failures} < ${MAX_FAILURES} THEN ${failures} + ${pending} < ${MAX_FAILURES}
    ELSE t.blocked_until <= now() AND ${pending} = 0
  END
  RETURNING EXISTS (${selectOpened(openedFrom(source))}) AS is_known`

/** Returns for how many seconds the account, or this network, is blocked; 0 for not at all. */
export const selectBlock = (source: Attempt): SQL => sql`
  SELECT ceil(${accountLockSeconds(source)})::int AS account_seconds,
    coalesce((
      SELECT ceil(extract(epoch FROM t.blocked_until - now()))::int
      FROM login_throttle t
      WHERE ${matches(source, sql`t`)} AND t.failures >= ${MAX_FAILURES} AND t.blocked_until > now()
    ), 0) AS network_seconds`

const isOneNetwork = sql`t.network <> ${ALL_NETWORKS}`
const blockSeconds = sql`
  least(
    ${FIRST_BLOCK_SECONDS} * 2 ^ least(t.failures + 1 - ${MAX_FAILURES}, 20),
    ${LONGEST_BLOCK_SECONDS}
  )`

/** Counts a failure for the network, whose block doubles with each further failure, and for the account. */
export const insertFailure = ({ subject, network }: Source): SQL => sql`
  INSERT INTO login_throttle AS t (subject, network, failures)
  VALUES (${subject}, ${network}, 1), (${subject}, ${ALL_NETWORKS}, 1)
  ON CONFLICT (subject, network) DO UPDATE SET
    failures = CASE
      WHEN ${isOneNetwork} THEN t.failures
      WHEN t.window_started_at < now() - ${DAY} THEN 0
      ELSE t.failures
    END + 1,
    pending = greatest(t.pending - 1, 0),
    attempted_at = now(),
    window_started_at = CASE
      WHEN ${isOneNetwork} OR t.window_started_at >= now() - ${DAY} THEN t.window_started_at
      ELSE now()
    END,
    blocked_until = CASE
      WHEN ${isOneNetwork} AND t.failures + 1 >= ${MAX_FAILURES} THEN now() + make_interval(secs => ${blockSeconds})
    END`

/** Remembers that an account was opened from a network; `subject` is that of the networks that have opened it. */
export const insertOpened = ({ subject, network }: Source): SQL => sql`
  INSERT INTO login_throttle AS t (subject, network, succeeded_at)
  VALUES (${subject}, ${network}, now())
  ON CONFLICT (subject, network) DO UPDATE SET succeeded_at = now(), attempted_at = now()`

/**
 * Resets the failures of this network, which has opened the account now, and subtracts them from those of all networks;
 * those of the others still count.
 */
export const resetFailures = (source: Attempt): SQL => sql`
  WITH before AS (SELECT failures FROM login_throttle t WHERE ${matches(source, sql`t`)}),
  reset AS (
    UPDATE login_throttle t
    SET failures = 0, pending = greatest(t.pending - 1, 0), blocked_until = NULL, succeeded_at = now()
    WHERE ${matches(source, sql`t`)}
    RETURNING 1
  ),
  opened AS (${insertOpened(openedFrom(source))})
  UPDATE login_throttle t
  SET failures = greatest(t.failures - (SELECT failures FROM before), 0)
  WHERE ${matches(allNetworks(source), sql`t`)} AND (SELECT failures FROM before) > 0
    -- After the row of the network, which is the order in which a failure locks them.
    AND EXISTS (SELECT FROM reset)`

/** Forgets the failures of an account's identifiers from one network, and how many there were from all of them. */
export const forgetFailures = (subjects: string[], network: string): SQL => sql`
  UPDATE login_throttle t
  SET failures = 0, blocked_until = NULL
  FROM (
    SELECT subject, network
    FROM login_throttle
    WHERE subject IN ${subjects} AND network IN (${network}, ${ALL_NETWORKS})
    -- In the order in which a failure locks them.
    ORDER BY subject, network = ${ALL_NETWORKS}
    FOR UPDATE
  ) forgotten
  WHERE t.subject = forgotten.subject AND t.network = forgotten.network`

/** Releases an attempt whose verification threw. */
export const release = (source: Source): SQL => sql`
  UPDATE login_throttle t SET pending = greatest(t.pending - 1, 0) WHERE ${matches(source, sql`t`)}`

/** Deletes up to `limit` rows that no longer matter. */
export const deleteExpired = (limit: number): SQL => sql`
  DELETE FROM login_throttle
  WHERE (subject, network) IN (
    SELECT subject, network
    FROM login_throttle
    WHERE attempted_at < now() - CASE WHEN succeeded_at IS NULL THEN INTERVAL '2 days' ELSE INTERVAL '90 days' END
    ORDER BY attempted_at
    LIMIT ${limit}
    FOR UPDATE SKIP LOCKED
  )
  RETURNING 1 AS one`

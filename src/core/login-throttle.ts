import { createHmac } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { executeRows } from '../db/rows.ts'
import { limitKey } from '../lib/ip.ts'
import { Problem, unavailable } from './problem.ts'
import { deriveKeys, type Secrets } from './secrets.ts'

/** Failures of one account from one network within the window, before the two are kept apart. */
const MAX_FAILURES = 5
const WINDOW = sql`interval '15 minutes'`
const FIRST_BLOCK_SECONDS = 60
const LONGEST_BLOCK_SECONDS = 900
/** Failures of an account from everywhere in a day (NIST SP 800-63B, 5.2.2). Beyond, only networks may try from which it was opened before. */
const MAX_ACCOUNT_FAILURES = 100
const DAY = sql`interval '1 day'`
const EVERYWHERE = '*'
/** An attempt that has not ended by then never will: its process is gone. */
const ABANDONED = sql`interval '30 seconds'`
const TURN_MS = 50
const MAX_TURNS = 60
const PURGE_CHUNK = 500

export interface LoginThrottle {
  /**
   * Runs one comparison of a password and counts how it ends. `account` is its id, or the identifier that led to none.
   * Refuses with 429 before anything is compared, while too much has failed from this address.
   */
  attempt(account: string, address: string, compare: () => Promise<boolean>): Promise<boolean>
}

interface Options {
  db: Db
  secrets: Secrets
  isOn: boolean
}
interface Pair {
  subject: string
  network: string
}

/**
 * Every attempt takes a place before its password is compared, so that of any number of parallel guesses, on however
 * many instances, no more than the allowed ones are looked at. Each count is a committed statement of its own.
 */
export function createLoginThrottle({ db, secrets, isOn }: Options): LoginThrottle {
  if (!isOn) {
    return { attempt: (_account, _address, compare) => compare() }
  }
  const [key] = deriveKeys(secrets, 'login-throttle')
  return {
    async attempt(account, address, compare) {
      const pair = {
        subject: createHmac('sha256', key).update(account.toLowerCase()).digest('base64url'),
        network: limitKey(address)
      }
      await reserveAttempt(db, pair)
      let isRight: boolean | undefined
      try {
        isRight = await compare()
        return isRight
      } finally {
        if (isRight === undefined) {
          await release(db, pair)
        } else if (isRight) {
          await noteSuccess(db, pair)
        } else {
          await recordFailure(db, pair)
        }
      }
    }
  }
}

/** Removes what no longer counts. A bounded chunk: call again while there is more. */
export async function purgeThrottle(db: Db): Promise<{ done: number; more: boolean }> {
  const purged = await executeRows(
    db,
    sql`
    delete from login_throttle where (subject, network) in (
      select subject, network from login_throttle where attempted_at < now() - case when succeeded_at is null then interval '2 days' else interval '90 days' end
      order by attempted_at limit ${PURGE_CHUNK} for update skip locked
    ) returning 1 as one`
  )
  return { done: purged.length, more: purged.length === PURGE_CHUNK }
}

async function reserveAttempt(db: Db, pair: Pair): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    if (await claim(db, pair)) {
      return
    }
    const { blocked, full } = await currentBlock(db, pair)
    if (blocked > 0 || full > 0) {
      throw throttled(Math.max(blocked, full))
    }
    // All places are taken by attempts that may yet turn out right.
    await pause(TURN_MS)
  }
  throw unavailable('Too many sign-ins for this account at this moment. Try again shortly.', 2)
}

const pending = sql`case when t.attempted_at < now() - ${ABANDONED} then 0 else t.pending end`
/** Few failures, and the first is long ago; or a block that ended long ago. */
const isStale = sql`case when t.failures < ${MAX_FAILURES} then t.window_started_at else t.blocked_until end < now() - ${WINDOW}`
const failures = sql`case when ${isStale} then 0 else t.failures end`
const isOfPair = ({ subject, network }: Pair, name: SQL): SQL =>
  sql`${name}.subject = ${subject} and ${name}.network = ${network}`
/** How much longer, in seconds, an account takes no attempts from networks that never opened it; 0 when it does. */
const accountLockSeconds = (pair: Pair) => sql`coalesce((
  select extract(epoch from a.window_started_at + ${DAY} - now()) from login_throttle a
  where ${isOfPair({ ...pair, network: EVERYWHERE }, sql`a`)} and a.failures >= ${MAX_ACCOUNT_FAILURES} and a.window_started_at > now() - ${DAY}
    and not exists (select 1 from login_throttle k where ${isOfPair(pair, sql`k`)} and k.succeeded_at is not null)), 0)`

/** The row's lock makes parallel attempts take turns, and each sees the count of the one before. */
async function claim(db: Db, pair: Pair): Promise<boolean> {
  const rows = await executeRows(
    db,
    sql`
    insert into login_throttle as t (subject, network, pending) select ${pair.subject}, ${pair.network}, 1 where ${accountLockSeconds(pair)} = 0
    on conflict (subject, network) do update set
      failures = ${failures}, pending = ${pending} + 1, attempted_at = now(),
      window_started_at = case when ${isStale} or t.failures = 0 then now() else t.window_started_at end,
      blocked_until = case when ${isStale} then null else t.blocked_until end
    where case when ${failures} < ${MAX_FAILURES} then ${failures} + ${pending} < ${MAX_FAILURES} else t.blocked_until <= now() and ${pending} = 0 end
    returning 1 as one`
  )
  return rows.length === 1
}

async function currentBlock(db: Db, pair: Pair): Promise<{ blocked: number; full: number }> {
  const [row] = await executeRows<{ blocked: number; full: number }>(
    db,
    sql`
    select ceil(${accountLockSeconds(pair)})::int as "full", coalesce((select ceil(extract(epoch from t.blocked_until - now()))::int from login_throttle t
      where ${isOfPair(pair, sql`t`)} and t.failures >= ${MAX_FAILURES} and t.blocked_until > now()), 0) as blocked`
  )
  return row as { blocked: number; full: number }
}

/** Counts for the pair, whose block doubles with each further failure, and for the account. */
async function recordFailure(db: Db, { subject, network }: Pair): Promise<void> {
  const isPair = sql`t.network <> ${EVERYWHERE}`
  const next = sql`case when ${isPair} then t.failures when t.window_started_at < now() - ${DAY} then 0 else t.failures end + 1`
  const seconds = sql`least(${FIRST_BLOCK_SECONDS} * 2 ^ least(t.failures + 1 - ${MAX_FAILURES}, 20), ${LONGEST_BLOCK_SECONDS})`
  await db.execute(sql`
    insert into login_throttle as t (subject, network, failures) values (${subject}, ${network}, 1), (${subject}, ${EVERYWHERE}, 1)
    on conflict (subject, network) do update set
      failures = ${next}, pending = greatest(t.pending - 1, 0), attempted_at = now(),
      window_started_at = case when ${isPair} or t.window_started_at >= now() - ${DAY} then t.window_started_at else now() end,
      blocked_until = case when ${isPair} and t.failures + 1 >= ${MAX_FAILURES} then now() + make_interval(secs => ${seconds}) end`)
}

/** Forgives this pair, and takes its failures off the account's; what others failed stays counted. */
async function noteSuccess(db: Db, pair: Pair): Promise<void> {
  await db.execute(sql`
    with before as (select failures from login_throttle t where ${isOfPair(pair, sql`t`)}),
      mine as (update login_throttle t set failures = 0, pending = greatest(t.pending - 1, 0), blocked_until = null, succeeded_at = now() where ${isOfPair(pair, sql`t`)} returning 1)
    update login_throttle t set failures = greatest(t.failures - (select failures from before), 0)
    where ${isOfPair({ ...pair, network: EVERYWHERE }, sql`t`)} and (select failures from before) > 0`)
}

/** Gives back a place whose comparison never ended in an answer. */
async function release(db: Db, pair: Pair): Promise<void> {
  await db.execute(
    sql`update login_throttle t set pending = greatest(t.pending - 1, 0) where ${isOfPair(pair, sql`t`)}`
  )
}

function throttled(seconds: number): Problem {
  return new Problem('login_throttled', {
    detail: 'Too much has failed for this account from here. Try again later.',
    headers: { 'retry-after': String(seconds) }
  })
}

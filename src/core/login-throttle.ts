import { createHmac } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Db } from '../db/client.ts'
import { executeRows } from '../db/rows.ts'
import { withRetries } from '../db/transaction.ts'
import { limitKey } from '../lib/ip.ts'
import { md } from '../lib/md.ts'
import {
  type Attempt,
  deleteExpired,
  forgetFailures,
  insertFailure,
  insertOpened,
  release,
  reserve,
  resetFailures,
  selectBlock,
  selectOpened
} from './login-throttle.sql.ts'
import { Problem, unavailable } from './problem.ts'
import { deriveKeys, type Secrets } from './secrets.ts'

const RETRY_MS = 50
const MAX_RETRIES = 60
const PURGE_CHUNK = 500

/** What someone logs in with. Failures count for it alone: a block never shows which identifiers are one account's. */
export interface LoginIdentifier {
  kind: 'username' | 'email' | 'id'
  text: string
}

export interface LoginThrottle {
  /**
   * Runs one verification of a password and counts its outcome; `account` is the id of the account, if there is one.
   * Throws 429 before it verifies anything while there are too many failures from this IP address. The verification is
   * told whether the account was opened from this network before.
   */
  attempt(
    who: LoginIdentifier & { account: string | undefined },
    ip: string,
    verify: Verify
  ): Promise<boolean>
  /** Remembers that an account was opened from an IP address: strangers cannot use up the limits of its network. */
  recordOpened(db: Db, account: string, ip: string): Promise<void>
  /** Returns true if the account was opened from the network of an IP address within the last months. */
  hasOpened(db: Db, account: string, ip: string): Promise<boolean>
  /** Lifts what keeps the owner of an account out at an IP address: its blocks there, and those from everywhere. */
  lift(db: Db, account: string, identifiers: LoginIdentifier[], ip: string): Promise<void>
}
type Verify = (isKnownNetwork: boolean) => Promise<boolean>

interface Options {
  db: Db
  secrets: Secrets
  isOn: boolean
}

/**
 * Limits failed logins. Each attempt is reserved before its password is verified, so that of any number of parallel
 * guesses, on any number of instances, only the allowed ones are verified. Each count is committed by its own
 * statement.
 */
export function createLoginThrottle({ db, secrets, isOn }: Options): LoginThrottle {
  const [key] = deriveKeys(secrets, 'login-throttle')
  const hmac = (text: string) => createHmac('sha256', key).update(text).digest('base64url')
  const subjectOf = ({ kind, text }: LoginIdentifier) => hmac(`${kind} ${text.toLowerCase()}`)
  const openedOf = (account: string) => hmac(`opened ${account}`)

  const throttle: LoginThrottle = {
    async attempt({ account, ...identifier }, ip, verify) {
      if (!isOn) {
        const isCorrect = await verify(false)
        if (isCorrect && account !== undefined) {
          await throttle.recordOpened(db, account, ip)
        }
        return isCorrect
      }
      const source: Attempt = {
        subject: subjectOf(identifier),
        opened: openedOf(account ?? identifier.text),
        network: limitKey(ip)
      }
      const isKnown = await reserveAttempt(db, source)
      return verifyAndCount(db, source, () => verify(isKnown))
    },

    async recordOpened(db, account, ip) {
      await db.execute(insertOpened({ subject: openedOf(account), network: limitKey(ip) }))
    },

    async hasOpened(db, account, ip) {
      const source = { subject: openedOf(account), network: limitKey(ip) }
      return (await executeRows(db, selectOpened(source))).length > 0
    },

    async lift(db, account, identifiers, ip) {
      await db.execute(forgetFailures(identifiers.map(subjectOf), limitKey(ip)))
      await throttle.recordOpened(db, account, ip)
    }
  }
  return throttle
}

async function verifyAndCount(
  db: Db,
  source: Attempt,
  verify: () => Promise<boolean>
): Promise<boolean> {
  let isCorrect: boolean
  try {
    isCorrect = await verify()
  } catch (error) {
    await db.execute(release(source))
    throw error
  }
  await withRetries(() => db.execute(isCorrect ? resetFailures(source) : insertFailure(source)))
  return isCorrect
}

/** Deletes a limited number of rows that no longer matter; call it again while there are more. */
export async function purgeThrottle(db: Db): Promise<{ done: number; more: boolean }> {
  const { length } = await executeRows(db, deleteExpired(PURGE_CHUNK))
  return { done: length, more: length === PURGE_CHUNK }
}

/**
 * Waits while all attempts are reserved by others that may yet succeed; throws 429 when the source is blocked. Returns
 * whether the account was opened from its network before.
 */
async function reserveAttempt(db: Db, source: Attempt): Promise<boolean> {
  for (let retry = 0; retry < MAX_RETRIES; retry++) {
    const [reserved] = await executeRows<{ is_known: boolean }>(db, reserve(source))
    if (reserved) {
      return reserved.is_known
    }
    const seconds = await currentBlock(db, source)
    if (seconds > 0) {
      throw throttled(seconds)
    }
    await pause(RETRY_MS)
  }
  throw unavailable('Too many sign-ins for this account at the same time. Try again shortly.', 2)
}

/** Returns for how many seconds attempts are blocked; 0 for not at all. */
async function currentBlock(db: Db, source: Attempt): Promise<number> {
  const [block = { account_seconds: 0, network_seconds: 0 }] = await executeRows<{
    account_seconds: number
    network_seconds: number
  }>(db, selectBlock(source))
  return Math.max(block.account_seconds, block.network_seconds)
}

function throttled(seconds: number): Problem {
  return new Problem('login_throttled', {
    detail: md`Too many failed attempts for this account. Try again later, or reset the password by email: after that
               you can log in at once.`,
    headers: { 'retry-after': String(seconds) }
  })
}

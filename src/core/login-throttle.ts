import { createHmac } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Db } from '../db/client.ts'
import { executeRows } from '../db/rows.ts'
import { limitKey } from '../lib/ip.ts'
import {
  deleteExpired,
  insertFailure,
  release,
  reserve,
  resetFailures,
  type Source,
  selectBlock
} from './login-throttle.sql.ts'
import { Problem, unavailable } from './problem.ts'
import { deriveKeys, type Secrets } from './secrets.ts'

const RETRY_MS = 50
const MAX_RETRIES = 60
const PURGE_CHUNK = 500

export interface LoginThrottle {
  /**
   * Runs one verification of a password and counts its outcome. `account` is the account's id, or the identifier for
   * which there is none. Throws 429 before it verifies anything while there are too many failures from this IP address.
   * The verification is told whether an attempt from this network has succeeded before.
   */
  attempt(account: string, ip: string, verify: Verify): Promise<boolean>
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
  if (!isOn) {
    return { attempt: (_account, _ip, verify) => verify(false) }
  }
  const [key] = deriveKeys(secrets, 'login-throttle')
  return {
    async attempt(account, ip, verify) {
      const source: Source = {
        subject: createHmac('sha256', key).update(account.toLowerCase()).digest('base64url'),
        network: limitKey(ip)
      }
      const isKnown = await reserveAttempt(db, source)
      return verifyAndCount(db, source, () => verify(isKnown))
    }
  }
}

async function verifyAndCount(
  db: Db,
  source: Source,
  verify: () => Promise<boolean>
): Promise<boolean> {
  let isCorrect: boolean
  try {
    isCorrect = await verify()
  } catch (error) {
    await db.execute(release(source))
    throw error
  }
  await db.execute(isCorrect ? resetFailures(source) : insertFailure(source))
  return isCorrect
}

/** Deletes a limited number of rows that no longer matter; call it again while there are more. */
export async function purgeThrottle(db: Db): Promise<{ done: number; more: boolean }> {
  const { length } = await executeRows(db, deleteExpired(PURGE_CHUNK))
  return { done: length, more: length === PURGE_CHUNK }
}

/**
 * Waits while all attempts are reserved by others that may yet succeed; throws 429 when the source is blocked. Returns
 * whether an attempt from it has succeeded before.
 */
async function reserveAttempt(db: Db, source: Source): Promise<boolean> {
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
async function currentBlock(db: Db, source: Source): Promise<number> {
  const [block = { account_seconds: 0, network_seconds: 0 }] = await executeRows<{
    account_seconds: number
    network_seconds: number
  }>(db, selectBlock(source))
  return Math.max(block.account_seconds, block.network_seconds)
}

function throttled(seconds: number): Problem {
  return new Problem('login_throttled', {
    detail: 'Too many failed attempts for this account from your network. Try again later.',
    headers: { 'retry-after': String(seconds) }
  })
}

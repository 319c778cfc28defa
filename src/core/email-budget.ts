import { type SQL, sql } from 'drizzle-orm'
import type { Config } from '../config.ts'
import type { Db } from '../db/client.ts'
import { executeRows } from '../db/rows.ts'
import { limitKey } from '../lib/ip.ts'
import type { Metrics } from './metrics.ts'

const HOUR = sql`INTERVAL '1 hour'`
const MINUTE = sql`INTERVAL '1 minute'`
const INSTALLATION = '*'
const PURGE_CHUNK = 500

/** Bounds the emails that strangers can make this installation send. */
export interface EmailBudget {
  /**
   * Counts a request for an email and returns whether one may be sent. It counts whether or not there will be one, so
   * that the budget does not show whether an email belongs to an account. `isReserved` takes from the half of the
   * installation's emails that is kept for the owners of accounts.
   */
  take(ip: string, isReserved: boolean): Promise<boolean>
}

interface Options {
  db: Db
  config: Pick<Config, 'RATE_LIMIT' | 'RATE_LIMIT_EMAILS' | 'RATE_LIMIT_EMAILS_TOTAL'>
  metrics?: Metrics | undefined
}

export function createEmailBudget({ db, config, metrics }: Options): EmailBudget {
  const { RATE_LIMIT_EMAILS: ofNetwork, RATE_LIMIT_EMAILS_TOTAL: total } = config
  if (!config.RATE_LIMIT) {
    return { take: async () => true }
  }
  return {
    async take(ip, isReserved) {
      const ofInstallation = isReserved ? total : Math.ceil(total / 2)
      const [taken] = await executeRows<{ network: boolean; installation: boolean }>(
        db,
        takeBoth(limitKey(ip), ofNetwork, ofInstallation)
      )
      if (!taken?.network) {
        metrics?.recordEmail('network_limited')
      } else if (!taken.installation) {
        metrics?.recordEmail('installation_limited')
      }
      return taken?.network === true && taken.installation
    }
  }
}

/** Counts for the network and, if that is not over its limit, for the installation. */
const takeBoth = (network: string, ofNetwork: number, ofInstallation: number): SQL => sql`
  WITH network AS (
    ${take(sql`SELECT ${network}, 1`, ofNetwork, HOUR)}
  ),
  installation AS (
    ${take(sql`SELECT ${INSTALLATION}, 1 WHERE EXISTS (SELECT FROM network)`, ofInstallation, MINUTE)}
  )
  SELECT EXISTS (SELECT FROM network) AS network, EXISTS (SELECT FROM installation) AS installation`

/** Adds one to a counter below its limit and returns a row, or returns none. The row lock serializes parallel ones. */
const take = (row: SQL, limit: number, span: SQL): SQL => {
  const isOver = sql`c.window_started_at < now() - ${span}`
  return sql`
    INSERT INTO email_counters AS c (key, count) ${row}
    ON CONFLICT (key) DO UPDATE SET
      count = CASE WHEN ${isOver} THEN 1 ELSE c.count + 1 END,
      window_started_at = CASE WHEN ${isOver} THEN now() ELSE c.window_started_at END
    WHERE ${isOver} OR c.count < ${limit}
    RETURNING 1`
}

/** Deletes a limited number of counters whose window has passed. */
export async function purgeEmailCounters(db: Db): Promise<{ done: number; more: boolean }> {
  const { length } = await executeRows(
    db,
    sql`
      DELETE FROM email_counters
      WHERE key IN (
        SELECT key
        FROM email_counters
        WHERE window_started_at < now() - ${HOUR}
        LIMIT ${PURGE_CHUNK}
        FOR UPDATE SKIP LOCKED
      )
      RETURNING 1 AS one`
  )
  return { done: length, more: length === PURGE_CHUNK }
}

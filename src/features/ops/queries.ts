import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { isMigrated } from '../../db/migrate.ts'

/** How long a result holds: however many probes there are, they cost the database one query a second. */
const READY_MS = 1000

/**
 * Returns a check that the database responds and has all migrations. Its result, also a failure, holds for a second,
 * and concurrent calls share one check: whoever asks often asks the database no more often. Migrations are not checked
 * again once applied.
 */
export function prepareIsReady(db: Db): () => Promise<boolean> {
  let migrated = false
  const check = async () => {
    await db.execute(sql`select 1`)
    migrated ||= await isMigrated(db)
    return migrated
  }
  let validUntil = 0
  let latest = Promise.resolve(false)
  return () => {
    if (performance.now() > validUntil) {
      validUntil = Number.POSITIVE_INFINITY
      latest = check().finally(() => {
        validUntil = performance.now() + READY_MS
      })
    }
    return latest
  }
}

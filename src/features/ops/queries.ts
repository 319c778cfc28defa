import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { isMigrated } from '../../db/migrate.ts'

/** Asks the database whether it answers and has every migration; a migrated one stays so, hence is asked for that only once. */
export function prepareIsReady(db: Db): () => Promise<boolean> {
  let migrated = false
  return async () => {
    await db.execute(sql`select 1`)
    migrated ||= await isMigrated(db)
    return migrated
  }
}

import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { isMigrated } from '../../db/migrate.ts'

/** Returns a check that the database responds and has all migrations. Migrations are not checked again once applied. */
export function prepareIsReady(db: Db): () => Promise<boolean> {
  let migrated = false
  return async () => {
    await db.execute(sql`select 1`)
    migrated ||= await isMigrated(db)
    return migrated
  }
}

import { and, eq, isNotNull, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { accountStorage } from '../../db/tables/account-storage.ts'

/** Returns how much an account stores; undefined as long as it was not measured. */
export async function findStorage(
  db: Db,
  owner_id: string
): Promise<{ bytes: number; measured_at: string } | undefined> {
  const { bytes, measured_at } = accountStorage
  const [row] = await db
    .select({
      bytes: sql<number>`${bytes}`.mapWith(Number),
      measured_at: sql<string>`${measured_at}`.mapWith(measured_at)
    })
    .from(accountStorage)
    .where(and(eq(accountStorage.owner_id, owner_id), isNotNull(bytes)))
  return row
}

import type { Config } from '../../config.ts'
import { Problem } from '../../core/problem.ts'
import type { Tx } from '../../db/transaction.ts'
import { countOwnedUnderLock } from './queries.ts'

export type RoomLimits = Pick<Config, 'MAX_PROJECTS_PER_USER'>

/** Throws when somebody owns as many projects as they may; nobody else can give them one until the transaction ends. */
export async function assertRoomForProject(
  tx: Tx,
  { MAX_PROJECTS_PER_USER: most }: RoomLimits,
  userId: string
): Promise<void> {
  if ((await countOwnedUnderLock(tx, userId, most)) >= most) {
    throw new Problem('quota_exceeded', {
      detail: `A user may own ${most} projects, deleted ones included until they are purged.`
    })
  }
}

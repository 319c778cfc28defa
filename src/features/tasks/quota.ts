import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { countUnderLock } from './queries.ts'

/**
 * Returns how many of `wanted` more tasks an owner may have under a quota, where 0 means no limit. The number stays
 * true until the transaction ends.
 */
export async function remainingQuota(
  tx: Db,
  quota: number,
  owner_id: string,
  wanted: number
): Promise<number> {
  if (quota === 0 || wanted === 0) {
    return wanted
  }
  return Math.min(wanted, quota - (await countUnderLock(tx, owner_id, quota)))
}

/** Throws when an owner may not have one more task. */
export async function assertQuota(tx: Db, quota: number, owner_id: string): Promise<void> {
  if ((await remainingQuota(tx, quota, owner_id, 1)) < 1) {
    throw quotaExceeded(quota)
  }
}

export const quotaExceeded = (quota: number) =>
  new Problem('quota_exceeded', {
    detail: `An account may have ${quota} tasks. Delete some first.`
  })

import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { countUnderLock } from './queries.ts'
import type { StorageQuota } from './storage-quota.ts'

/** What accounts may have. */
export interface Quota {
  /** How many tasks; 0 means no limit. */
  tasks: number
  storage: StorageQuota
}

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

/** How many more tasks each owner may have. */
export interface Quotas {
  /** Counts one more task of an owner; throws when they may not have it. */
  take: (owner_id: string) => void
}

/** Reads what is left of the quotas of owners, none of whom gets more than `wanted` tasks. */
export async function loadQuotas(
  tx: Db,
  { tasks: quota, storage }: Quota,
  owners: string[],
  wanted: number
): Promise<Quotas> {
  const left = new Map<string, number>()
  for (const owner of [...new Set(owners)].sort()) {
    left.set(owner, await remainingQuota(tx, quota, owner, wanted))
  }
  return {
    take(owner_id) {
      storage.assertStorage(owner_id)
      const remaining = left.get(owner_id) ?? 0
      if (remaining < 1) {
        throw quotaExceeded(quota)
      }
      left.set(owner_id, remaining - 1)
    }
  }
}

/** Throws when an owner may not have so many more tasks. */
export async function assertQuotaFor(
  tx: Db,
  quota: number,
  owner_id: string,
  wanted: number
): Promise<void> {
  if ((await remainingQuota(tx, quota, owner_id, wanted)) < wanted) {
    throw quotaExceeded(quota)
  }
}

/** Throws when an owner may not have one more task, or stores too much. */
export async function assertQuota(
  tx: Db,
  { tasks, storage }: Quota,
  owner_id: string
): Promise<void> {
  storage.assertStorage(owner_id)
  await assertQuotaFor(tx, tasks, owner_id, 1)
}

export const quotaExceeded = (quota: number) =>
  new Problem('quota_exceeded', {
    detail: `An account may have ${quota} tasks, those of its projects included. Delete some first.`
  })

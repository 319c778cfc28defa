import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import type { KeysetPosition } from '../../db/keyset.ts'
import { withTransaction } from '../../db/transaction.ts'
import type { ApiKey } from '../api-keys/schema.ts'
import { listKeys, revokeAllKeys, revokeKeyOf } from '../api-keys/service.ts'
import { getUser, type IdentityDeps, notices, notifyOwner } from '../identity/service.ts'
import { lockUserAsAdmin } from './service.ts'

/** Lists the API keys of a user without their secrets, newest first; a 404 when there is no such user. */
export async function listUserKeys(
  db: Db,
  userId: string,
  limit: number,
  after?: KeysetPosition
): Promise<ApiKey[]> {
  if (!(await getUser(db, { id: userId }))) {
    throw new Problem('not_found')
  }
  return listKeys(db, userId, limit, after)
}

/** Revokes one API key of a user, who gets an email; a 404 when the user has no such key. */
export async function revokeUserKey(
  ctx: RequestContext,
  deps: IdentityDeps,
  userId: string,
  keyId: string
): Promise<void> {
  await withTransaction(deps.db, async (tx) => {
    const { account } = await lockUserAsAdmin(tx, ctx, userId)
    if (!(await revokeKeyOf(tx, ctx, userId, keyId))) {
      throw new Problem('not_found')
    }
    notifyOwner(tx, deps, account, notices.keysRevokedByAdmin(1))
  })
}

/** Revokes all API keys of a user, who gets an email if there were any. */
export async function revokeUserKeys(
  ctx: RequestContext,
  deps: IdentityDeps,
  userId: string
): Promise<void> {
  await withTransaction(deps.db, async (tx) => {
    const { account } = await lockUserAsAdmin(tx, ctx, userId)
    const count = await revokeAllKeys(tx, ctx, userId)
    if (count > 0) {
      notifyOwner(tx, deps, account, notices.keysRevokedByAdmin(count))
    }
  })
}

import { setImmediate as turn } from 'node:timers/promises'
import { audit } from '../../core/audit.ts'
import type { Actor, RequestContext } from '../../core/context.ts'
import type { PurgeOwned } from '../../core/owned-data.ts'
import type { Db } from '../../db/client.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import {
  findDeletionContext,
  listDeleted,
  lockDeleted,
  lockToRemove,
  markDeleted,
  postponePurge,
  removeDeleted
} from './deletion.queries.ts'
import { endSessionsOf } from './sessions.queries.ts'
import type { Sessions } from './sessions.ts'

/** How long a run takes: a server that stops waits for it. */
const RUN_MS = 1000
/** How long a caller waits: enough to delete most accounts completely. */
const IN_REQUEST_MS = 300

/**
 * Deletes a locked account for everybody at once: nobody can use, see or refer to it any more. What it leaves is
 * deleted afterwards by `purgeAccount`, so that this takes equally long for every account.
 */
export async function deleteLocked(
  tx: Tx,
  ctx: RequestContext,
  sessions: Sessions,
  id: string
): Promise<void> {
  await sessions.invalidateUser(tx, id)
  await audit.succeeded(tx, ctx, 'user.deleted', { user: id })
  await endSessionsOf(tx, id, null)
  await markDeleted(tx, id)
}

/**
 * Returns a function that deletes what an account has left that was deleted a moment ago, as far as that takes no time.
 * The scheduled task does the rest, so it never throws.
 */
export const createAccountPurge =
  (db: Db, steps: readonly PurgeOwned[], onError: (error: unknown) => void) =>
  async (id: string): Promise<void> => {
    try {
      await purgeAccount(db, steps, id, performance.now() + IN_REQUEST_MS)
    } catch (error) {
      onError(error)
    }
  }

/**
 * Deletes a part of what deleted accounts have left, and those of which nothing is left. Any number of processes may do
 * so at the same time. An account that cannot be deleted now keeps no other waiting.
 */
export async function purgeDeletedAccounts(
  db: Db,
  steps: readonly PurgeOwned[]
): Promise<{ done: number; more: boolean }> {
  const until = performance.now() + RUN_MS
  const errors: unknown[] = []
  let removed = 0
  let more = false
  for (const id of await listDeleted(db)) {
    try {
      const progress = await purgeAccount(db, steps, id, until)
      removed += progress === 'empty' && (await remove(db, steps, id)) ? 1 : 0
      if (progress === 'kept') {
        await postponePurge(db, id)
      }
      more ||= progress === 'not finished'
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) {
    throw errors[0]
  }
  return { done: removed, more }
}

type Progress = 'empty' | 'kept' | 'not finished' | 'busy'

/** Runs the steps one after the other, each until nothing is left for it, as far as the time allows. */
async function purgeAccount(
  db: Db,
  steps: readonly PurgeOwned[],
  id: string,
  until: number
): Promise<Progress> {
  const ctx = await findDeletionContext(db, id)
  let isKept = false
  for (const step of steps) {
    let progress: Progress = 'not finished'
    while (progress === 'not finished') {
      if (performance.now() > until) {
        return 'not finished'
      }
      progress = await purgeChunk(db, ctx, step, id)
      // The embedded database works on this event loop: others get their turn between two chunks.
      await turn()
    }
    if (progress === 'busy') {
      return 'busy'
    }
    isKept ||= progress === 'kept'
  }
  return isKept ? 'kept' : 'empty'
}

/** Runs a step once, unless another process is at work on the account: then that one goes on. */
function purgeChunk(
  db: Db,
  ctx: RequestContext<Actor>,
  step: PurgeOwned,
  id: string
): Promise<Progress> {
  return withTransaction(db, async (tx) => {
    if (!(await lockDeleted(tx, id))) {
      return 'busy'
    }
    const more = await step(tx, ctx, id)
    if (more === 'kept') {
      return 'kept'
    }
    return more ? 'not finished' : 'empty'
  })
}

/** Removes an account of which nothing is left; under its lock, nothing can be added either. */
function remove(db: Db, steps: readonly PurgeOwned[], id: string): Promise<boolean> {
  return withTransaction(db, async (tx) => {
    if (!(await lockToRemove(tx, id))) {
      return false
    }
    const ctx = await findDeletionContext(tx, id)
    for (const step of steps) {
      if (await step(tx, ctx, id)) {
        return false
      }
    }
    await removeDeleted(tx, id)
    return true
  })
}

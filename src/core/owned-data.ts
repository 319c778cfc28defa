import type { Tx } from '../db/transaction.ts'
import type { Actor, RequestContext } from './context.ts'

/**
 * Deletes a chunk of what is stored of a deleted account, or changes it where it belongs to others; returns true when
 * there may be more, and `kept` when something stays for now that will be gone later. Each call has a transaction of
 * its own, so it must have the same effect however often it is called. `ctx` is that of the deletion.
 */
export type PurgeOwned = (
  tx: Tx,
  ctx: RequestContext<Actor>,
  userId: string
) => Promise<boolean | 'kept'>

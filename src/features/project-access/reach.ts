import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import { createTtlCache } from '../../lib/ttl-cache.ts'
import { prepareListReach } from './queries.ts'
import type { TaskList } from './schema.ts'

/** How long the lists of a caller are served from memory: other instances learn of a change this late. */
const TTL_MS = 1000
const MAX_ENTRIES = 20_000

/** Reads which lists of tasks a user belongs to, from memory for a second. */
export interface Reach {
  /** The user's personal list first, then the projects that they own or are members of. */
  listsOf: (userId: string) => Promise<TaskList[]>
  /** Forgets the lists of users when the transaction is committed. */
  forget: (tx: Tx, userIds: string[]) => void
}

const ofDatabase = new WeakMap<Db, Reach>()

/** Returns the reach of the users of a database; the same for all who ask. */
export function reachOf(db: Db): Reach {
  const reach = ofDatabase.get(db) ?? createReach(db)
  ofDatabase.set(db, reach)
  return reach
}

function createReach(db: Db): Reach {
  const read = prepareListReach(db)
  const lists = createTtlCache({
    max: MAX_ENTRIES,
    ttlMs: TTL_MS,
    load: async (userId) => [{ list_id: userId, owner_id: userId }, ...(await read(userId))]
  })
  return {
    listsOf: (userId) => lists.get(userId),
    forget: (tx, userIds) =>
      tx.afterCommit(() => {
        for (const id of userIds) {
          lists.invalidate(id)
        }
      })
  }
}

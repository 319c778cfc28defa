import { accessOf } from '../../core/access-cache.ts'
import type { Db } from '../../db/client.ts'
import { perDatabase } from '../../db/per-database.ts'
import { prepareListReach } from './queries.ts'
import type { TaskList } from './schema.ts'

/** Reads which lists of tasks a user belongs to, as the database knew them at most a second ago. */
export interface Reach {
  /** The user's personal list first, then the projects that they own or are members of. */
  listsOf: (userId: string) => Promise<TaskList[]>
}

/** Returns the reach of the users of a database. */
export const reachOf = perDatabase(createReach)

function createReach(db: Db): Reach {
  const read = prepareListReach(db)
  const lists = accessOf(db).cache({
    load: async (userId) => [{ list_id: userId, owner_id: userId }, ...(await read(userId))],
    // The projects of an account are gone with it.
    dependsOn: (found) => [...new Set(found.map(({ owner_id }) => owner_id))]
  })
  return { listsOf: (userId) => lists.get(userId) }
}

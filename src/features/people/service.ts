import type { Config } from '../../config.ts'
import { atLeast, type Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import {
  findScanEnd,
  listPeople,
  type PeopleFilter,
  type PeoplePosition,
  type PersonRow
} from './queries.ts'

interface PeopleDeps {
  db: Db
  config: Pick<Config, 'DIRECTORY'>
}
/** Rows of one page, and where the next one begins. */
export interface People {
  rows: PersonRow[]
  next: PeoplePosition | undefined
}

/** Returns whose people a caller may find: everybody's where that is allowed, else their own. */
export const knownTo = ({ config }: PeopleDeps, caller: Caller): string | undefined =>
  config.DIRECTORY === 'all' || atLeast(caller.role, 'manager') ? undefined : caller.id

/** Finds people by name or id. A page may end early, even empty, where few of many accounts are known to the caller. */
export async function findPeople(
  { db }: PeopleDeps,
  filter: PeopleFilter,
  { after, limit }: { after: PeoplePosition | undefined; limit: number }
): Promise<People> {
  const found = await listPeople(db, filter, { after, limit: limit + 1 })
  if (found.length > limit) {
    const rows = found.slice(0, limit)
    return { rows, next: rows.at(-1) }
  }
  const isWhole = filter.knownTo === undefined || filter.ids !== undefined
  return { rows: found, next: isWhole ? undefined : await findScanEnd(db, filter, after) }
}

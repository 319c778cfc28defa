import type { Config } from '../../config.ts'
import { atLeast, type Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { readProjectStates, roleIn } from '../project-access/service.ts'
import { readPeopleOfTasks } from '../tasks/service.ts'
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

/** Returns whom a caller may find: if tasks are given, those who appear in what they see of them, whoever they are. */
export async function visibility(
  deps: PeopleDeps,
  caller: Caller,
  taskIds: string[] | undefined
): Promise<Pick<PeopleFilter, 'knownTo' | 'inTasks'>> {
  return taskIds === undefined
    ? { knownTo: knownTo(deps, caller) }
    : { knownTo: undefined, inTasks: await readPeopleOfTasks(deps.db, caller, taskIds) }
}

/** Tells whether a caller may find somebody. */
export async function isVisibleTo(deps: PeopleDeps, caller: Caller, id: string): Promise<boolean> {
  const filter = { knownTo: knownTo(deps, caller), q: undefined, ids: [id] }
  return (await listPeople(deps.db, filter, { after: undefined, limit: 1 })).length === 1
}

/** Returns which of some people a caller may find, in one statement. */
export async function listVisibleAmong(
  deps: PeopleDeps,
  caller: Caller,
  ids: string[]
): Promise<Set<string>> {
  const filter = { knownTo: knownTo(deps, caller), q: undefined, ids }
  const found = await listPeople(deps.db, filter, { after: undefined, limit: ids.length })
  return new Set(found.map(({ id }) => id))
}

/** Returns a project whose people the caller may list; undefined for one that they cannot see. */
export async function visibleProject({ db }: PeopleDeps, caller: Caller, id: string) {
  const project = (await readProjectStates(db, caller, [id])).get(id)
  const isVisible = project?.deleted_at === null && roleIn(caller, project) !== undefined
  return isVisible ? project : undefined
}

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
  const { knownTo, ids, project } = filter
  const isWhole = knownTo === undefined || ids !== undefined || project !== undefined
  return { rows: found, next: isWhole ? undefined : await findScanEnd(db, filter, after) }
}

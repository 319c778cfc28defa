import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import {
  listListsOf,
  listMemberships,
  listProjectStates,
  lockProjectStates,
  type Membership
} from './queries.ts'
import type { ProjectState, TaskList } from './schema.ts'

export { isActiveUser, type JoiningDeps, joinProject, noSuchUser } from './joining.ts'
export { accessChange, memberChange } from './member-feed.ts'
export { reachOf } from './reach.ts'
export {
  assertMayGive,
  assertNotArchived,
  assertRight,
  mayIn,
  type ProjectRight,
  roleIn
} from './rights.ts'

/** Projects by id, as a transaction has read them. */
export type ProjectsById = Map<string, ProjectState>

/** Returns the projects with these ids, deleted ones included, with the caller's role in each. */
export const readProjectStates = async (
  db: Db,
  caller: Caller,
  ids: string[]
): Promise<ProjectsById> => byId(await listProjectStates(db, caller.id, ids))

/** Returns the same, locked: until the transaction ends, none is deleted, archived or given to somebody else. */
export const lockProjects = async (tx: Tx, caller: Caller, ids: string[]): Promise<ProjectsById> =>
  byId(await lockProjectStates(tx, caller.id, [...ids].sort()))

const byId = (projects: ProjectState[]): ProjectsById =>
  new Map(projects.map((project) => [project.id, project]))

/** Returns the lists of an owner: the personal one and the projects; none of an account that does not exist. */
export const readListsOf = (db: Db, ownerId: string): Promise<TaskList[]> =>
  listListsOf(db, ownerId)

/** Who belongs to which projects. */
export interface Memberships {
  has: (project_id: string, user_id: string) => boolean
}

/** Reads who of some people belongs to some projects; they remain members until the transaction ends. */
export async function readMemberships(
  tx: Tx,
  projectIds: string[],
  userIds: string[]
): Promise<Memberships> {
  const found = new Set((await listMemberships(tx, projectIds, userIds)).map(keyOf))
  return { has: (project_id, user_id) => found.has(keyOf({ project_id, user_id })) }
}

const keyOf = ({ project_id, user_id }: Membership): string => `${project_id} ${user_id}`

import type { Caller } from '../../core/context.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import type { Tx } from '../../db/transaction.ts'
import {
  assertNotArchived,
  assertRight,
  lockProjects,
  type Memberships,
  type ProjectsById,
  readMemberships,
  readProjectStates,
  roleIn
} from '../project-access/service.ts'
import type { TaskChangeSet } from './changes.ts'
import type { Task } from './schema.ts'

/** Where a task belongs: in a project, or in somebody's personal list. */
export interface Place {
  project_id: string | null
  owner_id: string
}

/** Locks the projects into which a request puts tasks; before any task, so that all wait in the same order. */
export async function lockTargets(
  tx: Tx,
  caller: Caller,
  ids: (string | null | undefined)[]
): Promise<ProjectsById> {
  return lockProjects(tx, caller, [...new Set(ids.flatMap((id) => id?.toLowerCase() ?? []))])
}

/** Adds the projects that locked tasks are in now. */
export async function addProjectsOf(
  tx: Tx,
  caller: Caller,
  projects: ProjectsById,
  tasks: Task[]
): Promise<void> {
  const ids = new Set(tasks.flatMap(({ project_id }) => project_id ?? []))
  const missing = [...ids].filter((id) => !projects.has(id))
  for (const [id, project] of await readProjectStates(tx, caller, missing)) {
    projects.set(id, project)
  }
}

/** Returns where a task goes whose body names a project, or none; throws when the caller may not put it there. */
export function placeIn(
  projects: ProjectsById,
  caller: Caller,
  project_id: string | null | undefined,
  pointer: string
): Place {
  if (project_id == null) {
    return { project_id: null, owner_id: caller.id }
  }
  const project = projects.get(project_id)
  if (!project || project.deleted_at !== null || roleIn(caller, project) === undefined) {
    const detail = 'project_id is not the id of a project that you can see.'
    throw invalidField('body', `${pointer}/project_id`, 'unknown_project', detail)
  }
  assertRight(caller, project, 'editTasks')
  assertNotArchived(project)
  return { project_id, owner_id: project.owner_id }
}

/** Throws when nothing in the project of a task may be changed. */
export function assertOpen(projects: ProjectsById, { project_id }: Task): void {
  if (project_id === null) {
    return
  }
  const project = projects.get(project_id)
  if (!project || project.deleted_at !== null) {
    throw new Problem('not_found')
  }
  assertNotArchived(project)
}

/** Completes the change of a task whose project changes: the task belongs to the owner of its list. */
export function moveTo(changeSet: TaskChangeSet, place: Place): void {
  const { change, changes } = changeSet
  if (place.owner_id !== change.owner_id) {
    changes.owner_id = { old: change.owner_id, new: place.owner_id }
    change.new_owner_id = place.owner_id
  }
}

/** Reads who of some people belongs to some projects; they stay members until the transaction ends. */
export const loadMemberships = (
  tx: Tx,
  projectIds: (string | null)[],
  userIds: (string | null)[]
): Promise<Memberships> =>
  readMemberships(tx, [...new Set(withoutNull(projectIds))], [...new Set(withoutNull(userIds))])

const withoutNull = (ids: (string | null)[]): string[] => ids.filter((id) => id !== null)

/** Throws when a task of a project would be assigned to somebody who does not belong to it. */
export function assertMember(
  memberships: Memberships,
  { project_id, assignee_id }: Pick<Task, 'project_id' | 'assignee_id'>,
  pointer: string
): void {
  if (project_id === null || assignee_id === null) {
    return
  }
  if (!memberships.has(project_id, assignee_id)) {
    const detail = `The user ${assignee_id} is not a member of the project. Add them, or assign the task to a member.`
    throw new Problem('not_a_member', {
      detail,
      extras: {
        errors: [{ in: 'body', pointer: `${pointer}/assignee_id`, code: 'not_a_member', detail }]
      }
    })
  }
}

import { atLeast, type Caller } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { type MemberRole, PROJECT_ROLES, type ProjectRole, type ProjectState } from './schema.ts'

/** What is done with a project → the role that it takes. The one place that says who may do what in a project. */
const NEEDED = {
  read: 'viewer',
  comment: 'viewer',
  editTasks: 'editor',
  moderate: 'admin',
  manage: 'admin',
  dispose: 'owner'
} as const satisfies Record<string, ProjectRole>
export type ProjectRight = keyof typeof NEEDED

const REFUSALS: Record<ProjectRight, string> = {
  read: 'You are not a member of this project.',
  comment: 'You are not a member of this project.',
  editTasks: 'You may read this project. Only its editors may change its tasks.',
  moderate: 'Only admins and the owner of the project may delete comments of others.',
  manage: 'Only admins and the owner of the project may change it and its members.',
  dispose: 'Only the owner of the project may delete, restore or transfer it.'
}

const isAtLeast = (role: ProjectRole, needed: ProjectRole): boolean =>
  PROJECT_ROLES.indexOf(role) >= PROJECT_ROLES.indexOf(needed)

/**
 * Returns what the caller may do in a project: as its owner or member, as a manager of the installation (as much as an
 * editor) or as its admin (as much as the owner). Undefined when they may not know of it.
 */
export function roleIn(
  caller: Pick<Caller, 'id' | 'role'>,
  { owner_id, member_role }: Pick<ProjectState, 'owner_id' | 'member_role'>
): ProjectRole | undefined {
  if (owner_id === caller.id || atLeast(caller.role, 'admin')) {
    return 'owner'
  }
  const isEditor = atLeast(caller.role, 'manager')
  if (isEditor && (member_role === null || !isAtLeast(member_role, 'editor'))) {
    return 'editor'
  }
  return member_role ?? undefined
}

/** Tells whether somebody with a role may do something. */
export const mayIn = (role: ProjectRole | undefined, right: ProjectRight): boolean =>
  role !== undefined && isAtLeast(role, NEEDED[right])

/** Throws when the caller may not do it: 404 for a project that they may not know of, else 403. */
export function assertRight(
  caller: Caller,
  project: ProjectState | undefined,
  right: ProjectRight
): asserts project is ProjectState {
  const role = project && roleIn(caller, project)
  if (!project || role === undefined) {
    throw new Problem('not_found')
  }
  if (!mayIn(role, right)) {
    throw new Problem('not_allowed', { detail: REFUSALS[right] })
  }
}

/** Lets admins of a project give and take roles below their own only. */
export function assertMayGive(caller: Caller, project: ProjectState, role: MemberRole): void {
  if (role === 'admin' && !mayIn(roleIn(caller, project), 'dispose')) {
    throw new Problem('not_allowed', {
      detail: 'Only the owner of the project may make somebody its admin, or change or remove one.'
    })
  }
}

/** Throws when nothing in the project may be changed. */
export function assertNotArchived({ archived }: Pick<ProjectState, 'archived'>): void {
  if (archived) {
    throw projectArchived()
  }
}

export const projectArchived = () =>
  new Problem('project_archived', {
    detail:
      'The project is archived: it can be read. Set archived to false to change anything in it.'
  })

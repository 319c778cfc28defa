import { audit } from '../../core/audit.ts'
import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { isVisibleTo } from '../people/service.ts'
import type { MemberRole } from '../project-access/schema.ts'
import { mayIn, reachOf, roleIn } from '../project-access/service.ts'
import { unassignFromProject } from '../tasks/service.ts'
import {
  countMembers,
  countMemberships,
  deleteMember,
  findMemberRole,
  listPeopleOf,
  lockPerson,
  putMember
} from './members.queries.ts'
import type { StoredProject } from './queries.ts'
import type { ProjectMember } from './schema.ts'
import { lockForChange, type ProjectDeps } from './service.ts'

const MAX_MEMBERS = 500

/** Adds a person to a project, or changes the role of a member. */
export const setMember = (
  { db, config }: ProjectDeps,
  ctx: RequestContext,
  id: string,
  userId: string,
  role: MemberRole
): Promise<ProjectMember> =>
  withTransaction(db, async (tx) => {
    const project = await lockForChange(tx, ctx, id, 'manage')
    assertNotOwner(project, userId)
    const before = await findMemberRole(tx, project, userId)
    assertMayGive(ctx, project, role)
    if (before === undefined) {
      await assertVisible(tx, config, ctx, userId)
      await assertMayJoin(tx, config, project, userId)
    } else {
      assertMayGive(ctx, project, before)
    }
    if (before !== role) {
      await putMember(tx, project, userId, role)
      const action = before === undefined ? 'project_member.added' : 'project_member.changed'
      await audit.succeeded(tx, ctx, action, { project: id }, `${userId} ${role}`)
      reachOf(db).forget(tx, [userId])
    }
    const [member] = await listPeopleOf(tx, project, 1, { userId })
    return member as ProjectMember
  })

async function assertVisible(
  tx: Tx,
  config: ProjectDeps['config'],
  { caller }: RequestContext,
  userId: string
): Promise<void> {
  if (!(await isVisibleTo({ db: tx, config }, caller, userId))) {
    throw noSuchUser()
  }
}

const noSuchUser = () =>
  new Problem('not_found', { detail: 'There is no user with this id whom you can see.' })

async function assertMayJoin(
  tx: Tx,
  { MAX_PROJECTS_PER_USER: most }: ProjectDeps['config'],
  project: StoredProject,
  userId: string
): Promise<void> {
  if (!(await lockPerson(tx, userId))) {
    throw noSuchUser()
  }
  if ((await countMembers(tx, project)) >= MAX_MEMBERS) {
    throw new Problem('quota_exceeded', { detail: `A project may have ${MAX_MEMBERS} members.` })
  }
  if ((await countMemberships(tx, userId)) >= most) {
    throw new Problem('quota_exceeded', {
      detail: `This user is a member of ${most} projects already.`
    })
  }
}

/** Removes a member, who may be the caller, and takes them off the tasks of the project. */
export async function removeMember(
  { db }: ProjectDeps,
  ctx: RequestContext,
  id: string,
  userId: string
): Promise<void> {
  for (let more = true; more; ) {
    more = await withTransaction(db, async (tx) => {
      const project = await lockToRemove(tx, ctx, id, userId)
      return unassignFromProject(tx, ctx, asList(project), userId)
    })
  }
  await withTransaction(db, async (tx) => {
    const project = await lockToRemove(tx, ctx, id, userId)
    // First: it waits for those who assign a task to the member, and nobody can from here on.
    await deleteMember(tx, project, userId)
    while (await unassignFromProject(tx, ctx, asList(project), userId)) {
      // Usually none is left.
    }
    await audit.succeeded(tx, ctx, 'project_member.removed', { project: id }, userId)
    reachOf(db).forget(tx, [userId])
  })
}

/** Locks a project from which the caller may remove somebody, who may be the caller. */
async function lockToRemove(
  tx: Tx,
  ctx: RequestContext,
  id: string,
  userId: string
): Promise<StoredProject> {
  const isLeaving = userId === ctx.caller.id
  const project = await lockForChange(tx, ctx, id, isLeaving ? 'read' : 'manage')
  assertNotOwner(project, userId)
  const role = await findMemberRole(tx, project, userId)
  if (role === undefined) {
    throw new Problem('not_found', { detail: 'This user is not a member of the project.' })
  }
  if (!isLeaving) {
    assertMayGive(ctx, project, role)
  }
  return project
}

const asList = ({ id, owner_id }: StoredProject) => ({ list_id: id, owner_id })

function assertNotOwner({ owner_id }: StoredProject, userId: string): void {
  if (userId === owner_id) {
    throw new Problem('project_owner', {
      detail: 'The owner belongs to the project. Transfer it to somebody else first.'
    })
  }
}

/** Lets admins of a project give and take roles below their own only. */
function assertMayGive({ caller }: RequestContext, project: StoredProject, role: MemberRole): void {
  if (role === 'admin' && !mayIn(roleIn(caller, project), 'dispose')) {
    throw new Problem('not_allowed', {
      detail: 'Only the owner of the project may make somebody its admin, or change or remove one.'
    })
  }
}

export function notAMember(userId: string): Problem {
  const detail = `The user ${userId} is not a member of the project.`
  return new Problem('not_a_member', {
    detail,
    extras: { errors: [{ in: 'body', pointer: '/user_id', code: 'not_a_member', detail }] }
  })
}

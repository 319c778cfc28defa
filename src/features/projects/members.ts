import { accessOf } from '../../core/access-cache.ts'
import { audit } from '../../core/audit.ts'
import { recordListChanges } from '../../core/change-feed.ts'
import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { isVisibleTo } from '../people/service.ts'
import type { MemberRole } from '../project-access/schema.ts'
import {
  accessChange,
  assertMayGive,
  joinProject,
  memberChange,
  noSuchUser
} from '../project-access/service.ts'
import { unassignFromProject } from '../tasks/service.ts'
import {
  deleteMember,
  findMemberRole,
  listPeopleOf,
  putMember,
  withdrawInvitationsBy
} from './members.queries.ts'
import type { StoredProject } from './queries.ts'
import type { ProjectMember } from './schema.ts'
import { lockForChange, type ProjectDeps } from './service.ts'

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
    assertMayGive(ctx.caller, project, role)
    if (before === undefined) {
      await assertVisible(tx, config, ctx, userId)
      await joinProject(tx, { db, config }, ctx, project, { user_id: userId, role })
    } else {
      assertMayGive(ctx.caller, project, before)
    }
    if (before !== undefined && before !== role) {
      await putMember(tx, project, userId, role)
      if (role !== 'admin') {
        await withdrawInvitationsBy(tx, project, userId)
      }
      const detail = `${userId} ${role}`
      await audit.succeeded(tx, ctx, 'project_member.changed', { project: id }, detail)
      await recordListChanges(tx, ctx, [memberChange('member.changed', project, userId)])
      await accessOf(db).changed(tx, [userId])
    }
    const [member] = await listPeopleOf(tx, project, 1, { userId })
    if (!member) {
      throw noSuchUser()
    }
    return member
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
    await withdrawInvitationsBy(tx, project, userId)
    while (await unassignFromProject(tx, ctx, asList(project), userId)) {
      // Usually none is left.
    }
    await audit.succeeded(tx, ctx, 'project_member.removed', { project: id }, userId)
    // Last: after it, the feed of who is removed says nothing of the project.
    await recordListChanges(tx, ctx, [
      memberChange('member.removed', project, userId),
      accessChange('access.lost', project, userId)
    ])
    await accessOf(db).changed(tx, [userId])
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
    assertMayGive(ctx.caller, project, role)
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

export function notAMember(userId: string): Problem {
  const detail = `The user ${userId} is not a member of the project.`
  return new Problem('not_a_member', {
    detail,
    extras: { errors: [{ in: 'body', pointer: '/user_id', code: 'not_a_member', detail }] }
  })
}

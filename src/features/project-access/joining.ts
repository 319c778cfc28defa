import type { Config } from '../../config.ts'
import { accessOf } from '../../core/access-cache.ts'
import { audit } from '../../core/audit.ts'
import { recordListChanges } from '../../core/change-feed.ts'
import type { Actor, RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import {
  countMembers,
  countMemberships,
  insertMember,
  lockPerson,
  type ProjectKey
} from './joining.queries.ts'
import { accessChange, memberChange } from './member-feed.ts'
import type { MemberRole } from './schema.ts'

const MAX_MEMBERS = 500

export interface JoiningDeps {
  db: Db
  config: Pick<Config, 'MAX_PROJECTS_PER_USER'>
}

interface NewMember {
  user_id: string
  role: MemberRole
  /** True for who has owned the project until now. */
  hadAccess?: boolean
}

/** Makes somebody who does not belong to a locked project a member, unless there are too many already. */
export async function joinProject(
  tx: Tx,
  { db, config }: JoiningDeps,
  ctx: RequestContext<Actor>,
  project: ProjectKey,
  { user_id, role, hadAccess = false }: NewMember
): Promise<void> {
  await assertMayJoin(tx, config, project, user_id)
  await insertMember(tx, project, user_id, role)
  const detail = `${user_id} ${role}`
  await audit.succeeded(tx, ctx, 'project_member.added', { project: project.id }, detail)
  // First: who has lost access and gains it again hears nothing of the project in between.
  await recordListChanges(tx, ctx, [
    ...(hadAccess ? [] : [accessChange('access.gained', project, user_id)]),
    memberChange('member.added', project, user_id)
  ])
  await accessOf(db).changed(tx, [user_id])
}

/** Locks an account until the transaction ends; false when nobody can use it. */
export const isActiveUser = (tx: Tx, id: string): Promise<boolean> => lockPerson(tx, id)

export const noSuchUser = () =>
  new Problem('not_found', { detail: 'There is no user with this id whom you can see.' })

async function assertMayJoin(
  tx: Tx,
  { MAX_PROJECTS_PER_USER: most }: JoiningDeps['config'],
  project: ProjectKey,
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

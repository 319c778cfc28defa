import type { Config } from '../../config.ts'
import { audit } from '../../core/audit.ts'
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
import { reachOf } from './reach.ts'
import type { MemberRole } from './schema.ts'

const MAX_MEMBERS = 500

export interface JoiningDeps {
  db: Db
  config: Pick<Config, 'MAX_PROJECTS_PER_USER'>
}

/** Makes somebody who does not belong to a locked project a member, unless there are too many already. */
export async function joinProject(
  tx: Tx,
  { db, config }: JoiningDeps,
  ctx: RequestContext<Actor>,
  project: ProjectKey,
  { user_id, role }: { user_id: string; role: MemberRole }
): Promise<void> {
  await assertMayJoin(tx, config, project, user_id)
  await insertMember(tx, project, user_id, role)
  const detail = `${user_id} ${role}`
  await audit.succeeded(tx, ctx, 'project_member.added', { project: project.id }, detail)
  reachOf(db).forget(tx, [user_id])
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

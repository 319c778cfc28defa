import { audit } from '../../core/audit.ts'
import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import type { IdentityDeps } from '../identity/service.ts'
import { joinProject } from '../project-access/service.ts'
import type { Project } from '../projects/schema.ts'
import { lockToJoin, readProject, toProject } from '../projects/service.ts'
import { acceptForUser, declineForUser, findForUser } from './projects.queries.ts'
import { describeState } from './state.ts'

/**
 * Accepts an invitation of the caller, who belongs to the project then, and returns the project. Whoever belongs to it
 * already keeps their role.
 */
export const acceptMine = (ctx: RequestContext, deps: IdentityDeps, id: string): Promise<Project> =>
  withTransaction(deps.db, async (tx) => {
    const user_id = ctx.caller.id
    const found = await findForUser(tx, user_id, id)
    const project = found && (await lockToJoin(tx, user_id, found.project_id))
    if (!project) {
      throw new Problem('not_found')
    }
    const role = await acceptForUser(tx, user_id, id)
    if (role === undefined) {
      throw await isOver(tx, user_id, id)
    }
    if (project.owner_id !== user_id && project.member_role === null) {
      await joinProject(tx, deps, ctx, project, { user_id, role })
    }
    const detail = `${id} ${role}`
    await audit.succeeded(tx, ctx, 'project_invitation.accepted', { project: project.id }, detail)
    return toProject(ctx, await readProject(tx, ctx, project.id))
  })

/** Declines an invitation of the caller. */
export const declineMine = (ctx: RequestContext, { db }: IdentityDeps, id: string): Promise<void> =>
  withTransaction(db, async (tx) => {
    const user_id = ctx.caller.id
    const found = await findForUser(tx, user_id, id)
    if (!found) {
      throw new Problem('not_found')
    }
    if (!(await declineForUser(tx, user_id, id))) {
      throw await isOver(tx, user_id, id)
    }
    await audit.succeeded(tx, ctx, 'project_invitation.declined', { project: found.project_id }, id)
  })

async function isOver(tx: Tx, userId: string, id: string): Promise<Problem> {
  const detail = describeState(await findForUser(tx, userId, id))
  return new Problem('invitation_over', { detail })
}

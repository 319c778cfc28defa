import {
  type ChangeType,
  countListChanges,
  feedOf,
  giveListChanges,
  type ListChange,
  recordListChanges
} from '../../core/change-feed.ts'
import type { Actor, RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Tx } from '../../db/transaction.ts'
import { newId } from '../../lib/uuid.ts'
import type { TaskList } from '../project-access/schema.ts'
import { listMembersOf } from './members.queries.ts'
import type { Project } from './schema.ts'

/** Changes that go to another owner in one transaction, beside the history of tasks. */
const MAX_GIVEN = 50_000

type Version = Pick<Project, 'owner_id' | 'id' | 'version'>

/** Returns what the feed of a project says of a version of the project itself. */
export const projectChange = (
  type: Extract<ChangeType, `project.${string}`>,
  { owner_id, id, version }: Version,
  changed_fields: string[] = []
): ListChange => ({
  owner_id,
  list_id: id,
  type,
  resource_type: 'project',
  resource_id: id,
  version,
  project_id: id,
  changed_fields
})

/**
 * Says that projects of one owner are deleted: in their feeds, which are read again when they come back, and in the own
 * feed of each who belongs to one.
 */
export async function recordDeleted(
  tx: Tx,
  ctx: RequestContext<Actor>,
  ownerId: string,
  deleted: Version[]
): Promise<void> {
  if (deleted.length === 0) {
    return
  }
  const ids = deleted.map(({ id }) => id)
  const members = Map.groupBy(await listMembersOf(tx, ownerId, ids), (one) => one.project_id)
  const changes = deleted.flatMap((project) => {
    const change = { ...projectChange('project.deleted', project), id: newId() }
    const people = [ownerId, ...(members.get(project.id) ?? []).map(({ user_id }) => user_id)]
    return [change, ...people.map((userId) => ({ ...change, ...feedOf(userId) }))]
  })
  await recordListChanges(tx, ctx, changes)
}

/** Gives what the feed of a project says to its new owner, in the transaction that gives them the project. */
export async function giveFeed(tx: Tx, project: TaskList, newOwnerId: string): Promise<void> {
  if ((await countListChanges(tx, project, MAX_GIVEN + 1)) > MAX_GIVEN) {
    throw new Problem('project_too_large', {
      detail: `Only projects with up to ${MAX_GIVEN} recent changes of comments and members can change their owner.`
    })
  }
  await giveListChanges(tx, project, newOwnerId)
}

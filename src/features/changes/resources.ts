import type { ResourceType } from '../../core/change-feed.ts'
import type { RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { readCommentsOn } from '../comments/service.ts'
import { readImports } from '../imports/service.ts'
import { readMembersOf, readVisibleProjects } from '../projects/service.ts'
import { readVisibleTasks } from '../tasks/service.ts'
import type { StoredChange } from './feed.queries.ts'

/** Returns the resource of a change as its reader sees it now; null when it is gone for them. */
export type ResourceOf = (change: StoredChange) => object | null

/** Reads what changes are about, a statement or two for each kind of resource. */
export async function readResources(
  db: Db,
  ctx: RequestContext,
  changes: StoredChange[]
): Promise<ResourceOf> {
  const of = Map.groupBy(changes, ({ resource_type }) => resource_type)
  const idsOf = (type: ResourceType) => [
    ...new Set((of.get(type) ?? []).map(({ resource_id }) => resource_id))
  ]
  const namedBy = (type: ResourceType, name: 'task_id' | 'project_id') => [
    ...new Set((of.get(type) ?? []).flatMap((change) => change[name] ?? []))
  ]
  const commented = namedBy('comment', 'task_id')
  const joined = namedBy('member', 'project_id')
  const [tasks, projects, imports] = await Promise.all([
    readVisibleTasks(db, ctx.caller, [...new Set([...idsOf('task'), ...commented])]),
    readVisibleProjects(db, ctx, [...idsOf('project'), ...joined]),
    readImports(db, ctx, idsOf('import'))
  ])
  const present = <T>(found: Map<string, T>, ids: string[]) =>
    ids.flatMap((id) => found.get(id) ?? [])
  const [comments, members] = await Promise.all([
    readCommentsOn(db, present(tasks, commented), idsOf('comment')),
    readMembersOf(db, present(projects, joined), idsOf('member'))
  ])
  const find: Record<ResourceType, (change: StoredChange) => object | undefined> = {
    task: ({ resource_id }) => tasks.get(resource_id),
    comment: ({ resource_id }) => comments.get(resource_id),
    project: ({ resource_id }) => projects.get(resource_id),
    member: ({ project_id, resource_id }) => members.get(`${project_id} ${resource_id}`),
    import: ({ resource_id }) => imports.get(resource_id)
  }
  return (change) => find[change.resource_type](change) ?? null
}

import { atLeast, type RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { DEFAULT_LIMIT } from '../../http/pagination.schema.ts'
import { type Cursors, type Page, sortBinding, toPage } from '../../http/pagination.ts'
import { foldLetters } from '../../lib/fold.ts'
import { countTasksOfProjects } from '../tasks/service.ts'
import { asList } from './lifecycle.ts'
import { listPeopleOf } from './members.queries.ts'
import { listProjects, type ProjectFilter, type StoredProject } from './queries.ts'
import type { Project, ProjectListQuery, ProjectMember } from './schema.ts'
import { readProject, toProject } from './service.ts'

const NO_TASKS = { total: 0, todo: 0, in_progress: 0, done: 0 }

/** Lists the projects that the caller may see. */
export async function listVisibleProjects(
  db: Db,
  cursors: Cursors,
  ctx: RequestContext,
  query: ProjectListQuery
): Promise<Page<Project>> {
  const { limit = DEFAULT_LIMIT, cursor, sort = 'name_asc', include_counts, ...filter } = query
  const { caller } = ctx
  if (filter.scope === 'all' && !atLeast(caller.role, 'manager')) {
    throw new Problem('not_allowed', { detail: "Only managers may see other people's projects." })
  }
  const binding = JSON.stringify([
    'projects',
    caller.id,
    sortBinding(sort),
    canonicalFilter(filter)
  ])
  const [sort_key, id] = cursor === undefined ? [] : cursors.decode(binding, cursor)
  const after = sort_key !== undefined && id !== undefined ? { sort_key, id } : undefined
  const rows = await listProjects(db, caller, filter, { sort, after, limit: limit + 1 })
  const page = toPage(rows, limit, (last) => cursors.encode(binding, [last.sort_key, last.id]))
  return { ...page, data: await present(db, ctx, page.data, include_counts === true) }
}

/** Returns what a filter means, however it is written: a cursor is bound to that. */
const canonicalFilter = ({
  scope = 'mine',
  archived = 'exclude',
  deleted = 'exclude',
  q
}: ProjectFilter): unknown[] => [scope, archived, deleted, q === undefined ? null : foldLetters(q)]

async function present(
  db: Db,
  ctx: RequestContext,
  rows: StoredProject[],
  withCounts: boolean
): Promise<Project[]> {
  const counts = withCounts ? await countTasksOfProjects(db, rows.map(asList)) : undefined
  return rows.map((row) => ({
    ...toProject(ctx, row),
    ...(counts && { task_counts: counts.get(row.id) ?? NO_TASKS })
  }))
}

/** Lists who belongs to a project, its owner included, those first who have longest. */
export async function listMembers(
  db: Db,
  cursors: Cursors,
  ctx: RequestContext,
  projectId: string,
  { limit = DEFAULT_LIMIT, cursor }: { limit?: number; cursor?: string }
): Promise<Page<ProjectMember>> {
  const project = await readProject(db, ctx, projectId)
  const binding = JSON.stringify(['project_members', ctx.caller.id, project.id])
  const [added_at, user_id] = cursor === undefined ? [] : cursors.decode(binding, cursor)
  const after = added_at && user_id ? { added_at, user_id } : undefined
  const rows = await listPeopleOf(db, project, limit + 1, { after })
  return toPage(rows, limit, (last) => cursors.encode(binding, [last.added_at, last.user_id]))
}

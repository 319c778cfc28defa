import type { Actor, RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import type { TaskList } from '../project-access/schema.ts'
import { recordVersions } from './events.queries.ts'
import { giveEvents } from './give.queries.ts'
import {
  countByStatus,
  countCommentsOf,
  countTasksOf,
  giveTasksOf,
  restoreTasksOf,
  trashTasksOf,
  unassignTasksOf
} from './project-tasks.queries.ts'
import { assertQuotaFor } from './quota.ts'

/** Tasks in one step: few enough that nobody waits noticeably for one of them. */
const CHUNK = 1000
/** Events that go to another owner in one transaction. */
const MAX_EVENTS = 50_000
/** The same of comments. */
const MAX_COMMENTS = 50_000

type EventContext = RequestContext<Actor | null>

/**
 * Puts a chunk of a project's tasks into the trash with it, or brings back those that went with it; returns true when
 * there may be more.
 */
export async function followProject(
  tx: Tx,
  ctx: EventContext,
  project: TaskList,
  isDeleted: boolean
): Promise<boolean> {
  const changed = await (isDeleted ? trashTasksOf : restoreTasksOf)(tx, project, CHUNK)
  await recordVersions(tx, ctx, changed, isDeleted ? 'task.deleted' : 'task.restored')
  return changed.length === CHUNK
}

/** Takes somebody off a chunk of a project's tasks; returns true when there may be more. */
export async function unassignFromProject(
  tx: Tx,
  ctx: EventContext,
  project: TaskList,
  userId: string
): Promise<boolean> {
  const released = await unassignTasksOf(tx, project, userId, CHUNK)
  await recordVersions(tx, ctx, released, 'task.updated', {
    assignee_id: { old: userId, new: null }
  })
  return released.length === CHUNK
}

/**
 * Gives all tasks of a project to another owner with their history and comments, in the transaction that gives them the
 * project; throws when these are too many for one.
 */
export async function giveProjectTasks(
  tx: Tx,
  ctx: EventContext,
  project: TaskList,
  newOwnerId: string
): Promise<void> {
  const changes = { owner_id: { old: project.owner_id, new: newOwnerId } }
  if ((await countCommentsOf(tx, project)) > MAX_COMMENTS) {
    throw new Problem('project_too_large', {
      detail: `Only projects whose tasks have up to ${MAX_COMMENTS} comments can change their owner.`
    })
  }
  let events = 0
  for (const isTrashed of [false, true]) {
    for (let given = CHUNK; given === CHUNK; ) {
      const whose = { ownerId: newOwnerId, isTrashed, limit: CHUNK }
      const tasks = await giveTasksOf(tx, project, whose)
      const ids = tasks.map(({ id }) => id)
      events += await giveEvents(tx, ids, project.owner_id, newOwnerId)
      if (events > MAX_EVENTS) {
        throw new Problem('project_too_large', {
          detail: `Only projects whose tasks have up to ${MAX_EVENTS} events in their history can change their owner.`
        })
      }
      await recordVersions(tx, ctx, tasks, 'task.updated', changes)
      given = tasks.length
    }
  }
}

/** Counts all tasks of a project, deleted ones included, as long as there are fewer than `most` of either. */
export const countProjectTasks = async (tx: Tx, project: TaskList, most: number): Promise<number> =>
  (await countTasksOf(tx, project, 'live', most)) +
  (await countTasksOf(tx, project, 'trashed', most))

/** Throws when the tasks of a project are more than an owner may have: the live ones, or those that come back. */
export async function assertQuotaForProject(
  tx: Tx,
  quota: number,
  project: TaskList,
  ownerId: string,
  which: 'gone with it' | 'live or gone with it'
): Promise<void> {
  if (quota > 0) {
    await assertQuotaFor(tx, quota, ownerId, await countTasksOf(tx, project, which, quota + 1))
  }
}

/** How many live tasks a project has, in all and by state. */
export interface ProjectTaskCounts {
  total: number
  todo: number
  in_progress: number
  done: number
}

/** Counts the live tasks of projects, by the ids of the projects. */
export async function countTasksOfProjects(
  db: Db,
  projects: TaskList[]
): Promise<Map<string, ProjectTaskCounts>> {
  const counted = projects.length === 0 ? [] : await countByStatus(db, projects)
  return new Map(
    counted.map(({ list_id, todo, in_progress, done }) => [
      list_id,
      { total: todo + in_progress + done, todo, in_progress, done }
    ])
  )
}

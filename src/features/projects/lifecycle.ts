import { accessOf } from '../../core/access-cache.ts'
import { audit } from '../../core/audit.ts'
import { recordListChanges } from '../../core/change-feed.ts'
import { type Actor, type RequestContext, systemRequestId } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { isPurgeable } from '../../lib/purgeable.ts'
import type { TaskList } from '../project-access/schema.ts'
import {
  accessChange,
  assertRight,
  isActiveUser,
  joinProject,
  memberChange
} from '../project-access/service.ts'
import {
  assertQuotaForProject,
  countProjectTasks,
  followProject,
  giveProjectTasks,
  storageQuotaOf,
  unassignFromProject
} from '../tasks/service.ts'
import {
  deleteMember,
  findMemberRole,
  isAccountDeleted,
  listMemberIds,
  putMember
} from './members.queries.ts'
import { notAMember } from './members.ts'
import { giveFeed, projectChange, recordDeleted } from './project-feed.ts'
import {
  findProject,
  lockPending,
  lockProject,
  type StoredProject,
  setDeleted,
  setTasksFollowed,
  updateProject
} from './queries.ts'
import type { Project } from './schema.ts'
import {
  assertRoomForProject,
  checkVersion,
  lockForChange,
  type ProjectDeps,
  toProject,
  type Versions
} from './service.ts'

/** Tasks that go to another owner in one transaction; more would keep others waiting for it. */
const MAX_TRANSFERRED = 10_000
const PENDING_CONTEXT: RequestContext<null> = {
  caller: null,
  requestId: systemRequestId('projects.follow'),
  ip: null,
  userAgent: null
}

export const asList = ({ id, owner_id }: Pick<Project, 'id' | 'owner_id'>): TaskList => ({
  list_id: id,
  owner_id
})

/**
 * Moves a project into the trash, for everybody at once, and its tasks with it: a chunk in the same transaction, the
 * rest of a large project after it.
 */
export async function deleteProject(
  { db }: ProjectDeps,
  ctx: RequestContext,
  id: string,
  versions: Versions
): Promise<void> {
  const more = await withTransaction(db, async (tx) => {
    const project = await lockForChange(tx, ctx, id, 'dispose')
    checkVersion(project, versions)
    const version = await setDeleted(tx, project, true)
    await audit.succeeded(tx, ctx, 'project.deleted', { project: id })
    await recordDeleted(tx, ctx, project.owner_id, [{ ...project, version }])
    await forgetReach(db, tx, project)
    return follow(tx, ctx, asList(project), true)
  })
  await followRest(db, ctx, id, more)
}

/**
 * Moves a project out of the trash with the tasks that went there with it. One that is not there is returned as it is.
 * That of a deleted account belongs to the admin who restores it.
 */
export async function restoreProject(
  deps: ProjectDeps,
  ctx: RequestContext,
  id: string,
  versions: Versions
): Promise<Project> {
  const { db, config } = deps
  const more = await withTransaction(db, async (tx) => {
    const project = await lockProject(tx, ctx.caller.id, id)
    assertRight(ctx.caller, visibleInTrash(ctx, project), 'dispose')
    checkVersion(project as StoredProject, versions)
    if (project?.deleted_at == null) {
      return false
    }
    if (isPurgeable(project.deleted_at, config.TRASH_RETENTION_DAYS)) {
      throw new Problem('not_found')
    }
    const ownerId = await livingOwner(tx, deps, ctx, project)
    const list = { list_id: id, owner_id: ownerId }
    // Each of its tasks gets an event.
    storageQuotaOf(db, config).assertStorage(ownerId)
    await assertQuotaForProject(tx, config.MAX_TASKS_PER_USER, list, ownerId, 'gone with it')
    const version = await setDeleted(tx, { id, owner_id: ownerId }, false)
    await audit.succeeded(tx, ctx, 'project.restored', { project: id })
    const restored = { id, owner_id: ownerId, version }
    await recordListChanges(tx, ctx, [projectChange('project.restored', restored)])
    await forgetReach(db, tx, { id, owner_id: ownerId })
    return follow(tx, ctx, list, false)
  })
  await followRest(db, ctx, id, more)
  return toProject(ctx, (await findProject(db, ctx.caller.id, id)) as StoredProject)
}

/** A deleted project is known to those who may restore it, and to nobody else. */
function visibleInTrash(
  { caller }: RequestContext,
  project: StoredProject | undefined
): StoredProject | undefined {
  const isHidden = project?.deleted_at !== null && !mayDispose(caller, project)
  return isHidden ? undefined : project
}

const mayDispose = (caller: RequestContext['caller'], project: StoredProject | undefined) =>
  project !== undefined && (project.owner_id === caller.id || caller.role === 'admin')

/** Returns the owner of a project; when their account is deleted, the caller becomes the owner. */
async function livingOwner(
  tx: Tx,
  deps: ProjectDeps,
  ctx: RequestContext,
  project: StoredProject
): Promise<string> {
  if (!(await isAccountDeleted(tx, project.owner_id))) {
    return project.owner_id
  }
  await giveProject(tx, deps, ctx, project, ctx.caller.id)
  const list = { list_id: project.id, owner_id: ctx.caller.id }
  while (await unassignFromProject(tx, ctx, list, project.owner_id)) {
    // As many as there are, up to what may change its owner.
  }
  return ctx.caller.id
}

/** Makes a member the owner of a project and of its tasks; the owner becomes an admin of it. */
export const transferProject = (
  deps: ProjectDeps,
  ctx: RequestContext,
  id: string,
  versions: Versions,
  userId: string
): Promise<Project> =>
  withTransaction(deps.db, async (tx) => {
    const { db } = deps
    const project = await lockForChange(tx, ctx, id, 'dispose')
    checkVersion(project, versions)
    if (project.owner_id !== userId) {
      const isMember = (await findMemberRole(tx, project, userId)) !== undefined
      if (!(isMember && (await isActiveUser(tx, userId)))) {
        throw notAMember(userId)
      }
      await giveProject(tx, deps, ctx, project, userId)
      await keepAsAdmin(tx, deps, ctx, { id, owner_id: userId }, project.owner_id)
      await forgetReach(db, tx, { id, owner_id: userId })
    }
    return toProject(ctx, (await findProject(tx, ctx.caller.id, id)) as StoredProject)
  })

/** Makes the former owner an admin of a project; one who cannot log in now takes no place among the memberships. */
async function keepAsAdmin(
  tx: Tx,
  deps: ProjectDeps,
  ctx: RequestContext,
  project: Pick<Project, 'id' | 'owner_id'>,
  user_id: string
): Promise<void> {
  if (await isActiveUser(tx, user_id)) {
    await joinProject(tx, deps, ctx, project, { user_id, role: 'admin', hadAccess: true })
  } else {
    await putMember(tx, project, user_id, 'admin')
    await recordListChanges(tx, ctx, [memberChange('member.added', project, user_id)])
  }
}

/** Gives a locked project and its tasks to somebody, who is then no member of it any more. */
async function giveProject(
  tx: Tx,
  { db, config }: ProjectDeps,
  ctx: RequestContext,
  project: StoredProject,
  userId: string
): Promise<void> {
  const list = asList(project)
  if ((await countProjectTasks(tx, list, MAX_TRANSFERRED + 1)) > MAX_TRANSFERRED) {
    throw new Problem('project_too_large', {
      detail: `Only projects of up to ${MAX_TRANSFERRED} tasks, deleted ones included, can change their owner.`
    })
  }
  const storage = storageQuotaOf(db, config)
  storage.assertStorage(userId)
  storage.noteRemoval([project.owner_id])
  await assertRoomForProject(tx, config, userId)
  // Of a project that was just restored, some may have still to come back.
  const quota = config.MAX_TASKS_PER_USER
  await assertQuotaForProject(tx, quota, list, userId, 'live or gone with it')
  const wasMember = await deleteMember(tx, project, userId)
  const version = await updateProject(tx, project, { owner_id: userId })
  const given = { id: project.id, owner_id: userId, version }
  await recordListChanges(tx, ctx, [
    ...(wasMember ? [] : [accessChange('access.gained', given, userId)]),
    projectChange('project.updated', given, ['owner_id']),
    ...(wasMember ? [memberChange('member.removed', given, userId)] : [])
  ])
  await giveProjectTasks(tx, ctx, list, userId)
  // After the tasks, so that what is said of them meanwhile goes along.
  await giveFeed(tx, list, userId)
  const detail = `from ${project.owner_id} to ${userId}`
  await audit.succeeded(tx, ctx, 'project.transferred', { project: project.id }, detail)
}

async function forgetReach(
  db: Db,
  tx: Tx,
  project: Pick<Project, 'owner_id' | 'id'>
): Promise<void> {
  await accessOf(db).changed(tx, [project.owner_id, ...(await listMemberIds(tx, project))])
}

/** Lets a chunk of its tasks follow a locked project; returns true when there may be more. */
async function follow(
  tx: Tx,
  ctx: RequestContext<Actor | null>,
  project: TaskList,
  isDeleted: boolean
): Promise<boolean> {
  const more = await followProject(tx, ctx, project, isDeleted)
  if (!more) {
    await setTasksFollowed(tx, project)
  }
  return more
}

/** Lets the rest follow, chunk by chunk, unless the project has been restored or deleted again meanwhile. */
async function followRest(db: Db, ctx: RequestContext, id: string, isMore: boolean): Promise<void> {
  for (let more = isMore; more; ) {
    more = await withTransaction(db, async (tx) => {
      const project = await lockProject(tx, ctx.caller.id, id)
      return project?.tasks_pending
        ? follow(tx, ctx, asList(project), project.deleted_at !== null)
        : false
    })
  }
}

/** Lets a chunk of tasks follow a project whose deletion or restoration was interrupted. */
export const followPending = (db: Db): Promise<{ done: number; more: boolean }> =>
  withTransaction(db, async (tx) => {
    const project = await lockPending(tx)
    if (!project) {
      return { done: 0, more: false }
    }
    await follow(tx, PENDING_CONTEXT, project, project.is_deleted)
    return { done: 1, more: true }
  })

import { v7 as uuidv7 } from 'uuid'
import type { Config } from '../../config.ts'
import { audit } from '../../core/audit.ts'
import type { RequestContext } from '../../core/context.ts'
import { Problem, staleVersionProblem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { joinTransaction, type Tx, withTransaction } from '../../db/transaction.ts'
import { assertRight, type ProjectRight, reachOf, roleIn } from '../project-access/service.ts'
import type { StorageLimits } from '../tasks/service.ts'
import { listMembershipsOf, listMembersOfOwner, listOwnProjectsById } from './archive.queries.ts'
import {
  countOwnedUnderLock,
  findProject,
  insertProject,
  isIdTaken,
  lockProject,
  type StoredProject,
  updateProject
} from './queries.ts'
import type { Project, ProjectCreate, ProjectUpdate } from './schema.ts'

/** Reads of everything that somebody has in projects, a page at a time. */
export const readOwnProjects = async (
  db: Db,
  ownerId: string,
  limit: number,
  after?: { id: string }
) =>
  (await listOwnProjectsById(db, ownerId, limit, after)).map((project) => ({
    ...project,
    role: 'owner'
  }))
export const readOwnMembers = (
  db: Db,
  ownerId: string,
  limit: number,
  after?: { project_id: string; user_id: string }
) => listMembersOfOwner(db, ownerId, limit, after)
export const readMembershipsOf = (
  db: Db,
  userId: string,
  limit: number,
  after?: { project_id: string }
) => listMembershipsOf(db, userId, limit, after)

export interface ProjectDeps {
  db: Db
  config: Pick<Config, 'MAX_PROJECTS_PER_USER' | 'MAX_TASKS_PER_USER' | 'DIRECTORY'> & StorageLimits
}

/** The versions that a conditional write accepts; undefined means any. */
export type Versions = number[] | undefined

/** Returns a stored project as the caller sees it. */
export function toProject({ caller }: RequestContext, stored: StoredProject): Project {
  const { member_role, tasks_pending, ...project } = stored
  return { ...project, role: roleIn(caller, stored) ?? 'viewer' }
}

/** Returns a project that the caller may read; throws 404 for any other, and 403 where they may not do this with it. */
export async function readProject(
  db: Db,
  ctx: RequestContext,
  id: string,
  right: ProjectRight = 'read'
): Promise<StoredProject> {
  const project = await findProject(db, ctx.caller.id, id)
  assertVisible(ctx, project, right)
  return project
}

/** Locks a project until the transaction ends; throws when the caller may not do this with it. */
export async function lockForChange(
  tx: Tx,
  ctx: RequestContext,
  id: string,
  right: ProjectRight
): Promise<StoredProject> {
  const project = await lockProject(tx, ctx.caller.id, id)
  assertVisible(ctx, project, right)
  return project
}

/** Locks a project that somebody may join; undefined when it is deleted. */
export async function lockToJoin(
  tx: Tx,
  userId: string,
  id: string
): Promise<StoredProject | undefined> {
  const project = await lockProject(tx, userId, id)
  return project?.deleted_at === null ? project : undefined
}

function assertVisible(
  { caller }: RequestContext,
  project: StoredProject | undefined,
  right: ProjectRight
): asserts project is StoredProject {
  assertRight(caller, project?.deleted_at === null ? project : undefined, right)
}

/** Throws when the project has none of the versions that the caller accepts. */
export function checkVersion({ version }: StoredProject, versions: Versions): void {
  if (versions !== undefined && !versions.includes(version)) {
    throw staleVersionProblem(version, [])
  }
}

/** Creates a project of the caller's own, in `tx` when there is one. */
export const createProject = (
  { db, config }: ProjectDeps,
  ctx: RequestContext,
  body: ProjectCreate,
  tx?: Tx
): Promise<Project> =>
  joinTransaction(db, tx, async (tx) => {
    const { id: userId } = ctx.caller
    const id = body.id?.toLowerCase() ?? uuidv7()
    if (body.id !== undefined && (await isIdTaken(tx, id))) {
      throw new Problem('id_taken', { detail: 'A project with this id exists. Choose a new id.' })
    }
    await assertRoomForProject(tx, config, userId)
    await insertProject(tx, {
      id,
      owner_id: userId,
      name: body.name.trim(),
      description: body.description ?? null,
      color: body.color?.toLowerCase() ?? null
    })
    await audit.succeeded(tx, ctx, 'project.created', { project: id })
    reachOf(db).forget(tx, [userId])
    return toProject(ctx, (await findProject(tx, userId, id)) as StoredProject)
  })

/** Throws when somebody owns as many projects as they may; nobody else can give them one until the transaction ends. */
export async function assertRoomForProject(
  tx: Tx,
  { MAX_PROJECTS_PER_USER: most }: ProjectDeps['config'],
  userId: string
): Promise<void> {
  if ((await countOwnedUnderLock(tx, userId, most)) >= most) {
    throw new Problem('quota_exceeded', {
      detail: `A user may own ${most} projects, deleted ones included until they are purged.`
    })
  }
}

/** Changes the fields that are present; when nothing differs, nothing is written. */
export const changeProject = (
  { db }: ProjectDeps,
  ctx: RequestContext,
  id: string,
  versions: Versions,
  body: ProjectUpdate
): Promise<Project> =>
  withTransaction(db, async (tx) => {
    const project = await lockForChange(tx, ctx, id, 'manage')
    checkVersion(project, versions)
    const wanted = normalize(body)
    const changed = Object.keys(wanted).filter(
      (field) => wanted[field as keyof ProjectUpdate] !== project[field as keyof ProjectUpdate]
    )
    if (changed.length === 0) {
      return toProject(ctx, project)
    }
    await updateProject(tx, project, wanted)
    await audit.succeeded(tx, ctx, 'project.updated', { project: id }, changed.sort().join(', '))
    return toProject(ctx, (await findProject(tx, ctx.caller.id, id)) as StoredProject)
  })

function normalize(body: ProjectUpdate): ProjectUpdate {
  const { name, color, ...rest } = body
  return {
    ...rest,
    ...(name !== undefined && { name: name.trim() }),
    ...(color !== undefined && { color: color?.toLowerCase() ?? null })
  }
}

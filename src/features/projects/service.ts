import type { Config } from '../../config.ts'
import { accessOf } from '../../core/access-cache.ts'
import { audit } from '../../core/audit.ts'
import { recordListChanges } from '../../core/change-feed.ts'
import type { RequestContext } from '../../core/context.ts'
import { Problem, staleVersionProblem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { joinTransaction, type Tx, withTransaction } from '../../db/transaction.ts'
import { newId } from '../../lib/uuid.ts'
import { assertRight, type ProjectRight, roleIn } from '../project-access/service.ts'
import type { StorageLimits } from '../tasks/service.ts'
import { listMembershipsOf, listMembersOfOwner, listOwnProjectsById } from './archive.queries.ts'
import { listPeopleOfProjects } from './members.queries.ts'
import { projectChange } from './project-feed.ts'
import {
  findProject,
  insertProject,
  isIdTaken,
  listProjectsById,
  lockProject,
  type StoredProject,
  updateProject
} from './queries.ts'
import { assertRoomForProject } from './room.ts'
import type { Project, ProjectCreate, ProjectMember, ProjectUpdate } from './schema.ts'

export {
  archiveImported,
  findProjectsById,
  findProjectsByName,
  importProject,
  projectKeyOf
} from './imported.ts'
export { assertRoomForProject } from './room.ts'

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

/** Returns the projects with these ids that the caller may see, as they see them. */
export async function readVisibleProjects(
  db: Db,
  ctx: RequestContext,
  ids: string[]
): Promise<Map<string, Project>> {
  const found = await listProjectsById(db, ctx.caller.id, [...new Set(ids)])
  return new Map(
    found
      .filter((it) => it.deleted_at === null && roleIn(ctx.caller, it) !== undefined)
      .map((it) => [it.id, toProject(ctx, it)])
  )
}

/** Returns who of some people belongs to projects that the caller has been shown, by project and user. */
export async function readMembersOf(
  db: Db,
  projects: Pick<Project, 'owner_id' | 'id'>[],
  userIds: string[]
): Promise<Map<string, ProjectMember>> {
  const found = await listPeopleOfProjects(db, projects, userIds)
  return new Map(
    found.map(({ project_id, ...member }) => [`${project_id} ${member.user_id}`, member])
  )
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
    throw staleVersionProblem(version)
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
    const id = body.id?.toLowerCase() ?? newId()
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
    await accessOf(db).changed(tx, [userId])
    const created = (await findProject(tx, userId, id)) as StoredProject
    await recordListChanges(tx, ctx, [projectChange('project.created', created)])
    return toProject(ctx, created)
  })

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
    const changed = Object.keys(wanted)
      .filter(
        (field) => wanted[field as keyof ProjectUpdate] !== project[field as keyof ProjectUpdate]
      )
      .sort()
    if (changed.length === 0) {
      return toProject(ctx, project)
    }
    await updateProject(tx, project, wanted)
    await audit.succeeded(tx, ctx, 'project.updated', { project: id }, changed.join(', '))
    const updated = (await findProject(tx, ctx.caller.id, id)) as StoredProject
    await recordListChanges(tx, ctx, [projectChange('project.updated', updated, changed)])
    return toProject(ctx, updated)
  })

function normalize(body: ProjectUpdate): ProjectUpdate {
  const { name, color, ...rest } = body
  return {
    ...rest,
    ...(name !== undefined && { name: name.trim() }),
    ...(color !== undefined && { color: color?.toLowerCase() ?? null })
  }
}

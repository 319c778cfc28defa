import { accessOf } from '../../core/access-cache.ts'
import { audit } from '../../core/audit.ts'
import { recordListChanges } from '../../core/change-feed.ts'
import type { Caller, RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import { foldLetters } from '../../lib/fold.ts'
import { mayIn, readProjectStates, roleIn } from '../project-access/service.ts'
import { listProjectsNamed, type NamedProject } from './imported.queries.ts'
import { projectChange } from './project-feed.ts'
import {
  findProject,
  insertProject,
  isIdTaken,
  lockProject,
  type StoredProject,
  updateProject
} from './queries.ts'
import { assertRoomForProject, type RoomLimits } from './room.ts'
import type { Project } from './schema.ts'

interface ImportProjectDeps {
  db: Db
  config: RoomLimits
}

const MAX_KEY = 200

/** Returns a name as projects are compared by it, whatever its case and accents. */
export const projectKeyOf = (name: string): string =>
  [...foldLetters(name.trim())].slice(0, MAX_KEY).join('')

/** Of the projects of others only those that they share take tasks of a caller, whatever else the caller may do. */
const takesTasksOf = (
  { id }: Pick<Caller, 'id'>,
  project: Pick<StoredProject, 'owner_id' | 'member_role'>
): boolean => mayIn(roleIn({ id, role: 'user' }, project), 'editTasks')

/**
 * Returns, by the keys of names, the projects into which somebody may put tasks: their own before those of others, and
 * one that is archived only where there is no other.
 */
export async function findProjectsByName(
  db: Db,
  caller: Caller,
  names: string[]
): Promise<Map<string, NamedProject>> {
  const keys = [...new Set(names.map(projectKeyOf))]
  const found = keys.length === 0 ? [] : await listProjectsNamed(db, caller.id, keys)
  const usable = found.filter((project) => takesTasksOf(caller, project))
  const byKey = new Map<string, NamedProject>()
  for (const project of usable) {
    const before = byKey.get(project.key)
    if (!before || (before.archived && !project.archived)) {
      byKey.set(project.key, project)
    }
  }
  return byKey
}

/**
 * Returns which of some projects, each under one of two ids, take tasks of the caller: by their first ids, those that
 * they have.
 */
export async function findProjectsById(
  db: Db,
  caller: Caller,
  ids: [string, string][]
): Promise<Map<string, string>> {
  const states = await readProjectStates(db, caller, ids.flat())
  const takesTasks = (id: string): boolean => {
    const project = states.get(id)
    return project?.deleted_at === null && takesTasksOf(caller, project)
  }
  return new Map(
    ids.flatMap(([first, second]): [string, string][] => {
      const id = [first, second].find(takesTasks)
      return id === undefined ? [] : [[first, id]]
    })
  )
}

/** A project from the export of an account. */
export interface ImportedProject extends Pick<Project, 'id' | 'name' | 'description' | 'color'> {
  /** The id that it gets when the given one belongs to somebody else. */
  own_id: string
  created_at?: string
}

/**
 * Creates a project of the caller's own that comes from elsewhere, with its id if that is free; returns the id, or
 * undefined where the caller has it already, or one that takes their tasks.
 */
export async function importProject(
  { db, config }: ImportProjectDeps,
  ctx: RequestContext,
  { id: given_id, own_id, name, color, ...project }: ImportedProject,
  tx: Tx
): Promise<string | undefined> {
  const { id: userId } = ctx.caller
  const id = (await isIdTaken(tx, given_id)) ? own_id : given_id
  const isKnown = await Promise.all([given_id, own_id].map((id) => findProject(tx, userId, id)))
  if (
    isKnown.some((known) => known && takesTasksOf(ctx.caller, known)) ||
    (id === own_id && (await isIdTaken(tx, id)))
  ) {
    return undefined
  }
  await assertRoomForProject(tx, config, userId)
  await insertProject(tx, {
    ...project,
    id,
    owner_id: userId,
    name: name.trim(),
    color: color?.toLowerCase() ?? null
  })
  await audit.succeeded(tx, ctx, 'project.created', { project: id })
  await recordListChanges(tx, ctx, [
    projectChange('project.created', { owner_id: userId, id, version: 1 })
  ])
  await accessOf(db).changed(tx, [userId])
  return id
}

/** Archives a project of the caller's own, if it is still there and open. */
export async function archiveImported(ctx: RequestContext, id: string, tx: Tx): Promise<void> {
  const project = await lockProject(tx, ctx.caller.id, id)
  if (project && project.owner_id === ctx.caller.id && !project.archived && !project.deleted_at) {
    await updateProject(tx, project, { archived: true })
    await audit.succeeded(tx, ctx, 'project.updated', { project: id }, 'archived')
    const version = { ...project, version: project.version + 1 }
    await recordListChanges(tx, ctx, [projectChange('project.updated', version, ['archived'])])
  }
}

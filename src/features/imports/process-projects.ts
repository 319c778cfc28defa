import type { Caller } from '../../core/context.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import { ownUuid } from '../../lib/deterministic-uuid.ts'
import { createProject, findProjectsByName, projectKeyOf } from '../projects/service.ts'
import {
  lockRecordPlaces,
  type MatchedRecord,
  type Place,
  type RecordPlaces
} from '../tasks/service.ts'
import type { Rejection } from './faults.ts'
import { PROJECT, PROJECT_NAME } from './fields.ts'
import { type Run, refusalOr } from './run.ts'

/** A row on its way into a list. */
export type RowRecord = MatchedRecord & {
  row: number
  /** The name of its project. */
  project?: string
  /** Whether the project is created where there is none. */
  makes_project?: boolean
  /** Whether its project is that of an account whose file it is. */
  of_account?: boolean
  /** Whether the file has its project, which a dry run has not created. */
  has_project?: boolean
}

/** Rows with the ids of the projects that there are, and what finds the lists of their tasks. */
export interface PlacedRows {
  records: RowRecord[]
  places: RecordPlaces
  /** Returns where the task of a row goes, for which a project is created if need be, or why it goes nowhere. */
  placeOf: (record: RowRecord) => Promise<Place | Problem>
}

/** The ids that a project of a file may have here: its own, or another one where that belongs to somebody else. */
const idsOf = ({ ctx }: Run, id: string | null | undefined): string[] =>
  id == null ? [] : [id, ownUuid(ctx.caller.id, id)]

/**
 * Finds the project of each row, by its id or else by its name. Those that are missing are created when a task goes
 * there: a row whose task exists needs none. The projects stay as they are until the transaction ends.
 */
export async function placeRows(run: Run, records: RowRecord[]): Promise<PlacedRows> {
  const { tx, leased } = run
  const caller = callerFor(run, records)
  const names = records.flatMap(({ project }) => project ?? [])
  const named = await findProjectsByName(tx, caller, names)
  const places = await lockRecordPlaces(tx, caller, [
    leased.project_id,
    ...records.flatMap(({ project_id }) => idsOf(run, project_id)),
    ...[...named.values()].map(({ id }) => id)
  ])
  const makePlace = createPlaceMaker(run)
  return {
    records: records.map((record) => choose(run, places, named, record)),
    places,
    placeOf: async (record) =>
      record.project === undefined
        ? places.of(record.project_id ?? leased.project_id)
        : await makePlace(record.project, record.makes_project)
  }
}

/**
 * Returns who puts rows into projects: with the account of somebody else, managers do no more in the projects of that
 * one than ordinary users, who get a copy.
 */
const callerFor = ({ ctx }: Run, records: RowRecord[]): Caller =>
  records.some(({ of_account }) => of_account) ? { ...ctx.caller, role: 'user' } : ctx.caller

/**
 * Returns the id of the project that a row names by an id, if tasks may go there; of an account's that is archived as
 * well, since its tasks may be there already.
 */
function openId(
  run: Run,
  places: RecordPlaces,
  { project_id, of_account }: RowRecord
): string | undefined {
  const ids = idsOf(run, project_id)
  const isOpen = (id: string) => refusalOf(places, id) === undefined
  const isArchived = (id: string) => refusalOf(places, id) === 'project_archived'
  return ids.find(isOpen) ?? (of_account ? ids.find(isArchived) : undefined)
}

/** Returns the code of the problem why no task may go into a project. */
function refusalOf(places: RecordPlaces, id: string | null | undefined): string | undefined {
  const place = places.of(id)
  return place instanceof Problem ? place.code : undefined
}

/** Returns a row with the id of its project; with the name, where there is none of that name. */
function choose(
  run: Run,
  places: RecordPlaces,
  named: ReadonlyMap<string, { id: string }>,
  record: RowRecord
): RowRecord {
  const { project, of_account, has_project, project_id, ...rest } = record
  const open = openId(run, places, record)
  if (has_project && run.leased.dry_run && open === undefined) {
    return { ...rest, is_copy: refusalOf(places, project_id) === 'not_allowed' }
  }
  if (project !== undefined && open === undefined) {
    const id = named.get(projectKeyOf(project))?.id
    return id === undefined ? { ...rest, project } : { ...rest, project_id: id }
  }
  const id = open ?? project_id
  return {
    ...rest,
    ...(id !== undefined && { project_id: id }),
    ...(of_account && id !== project_id && { is_copy: true })
  }
}

/** Creates the projects of names that no project has, each once, until the quota allows no more. */
function createPlaceMaker(run: Run) {
  const { tx, ctx, leased } = run
  const made = new Map<string, Place>()
  let full: Problem | undefined
  return async (name: string, isAllowed = false): Promise<Place | Problem> => {
    const known = made.get(projectKeyOf(name)) ?? full
    if (known) {
      return known
    }
    if (!isAllowed) {
      const detail = 'There is no project of this name into which you may put tasks.'
      return invalidField('body', '/project', 'unknown_project', detail)
    }
    if (leased.dry_run) {
      return { project_id: null, owner_id: ctx.caller.id }
    }
    const project = await refusalOr(() => createProject(run, ctx, { name }, tx))
    if (project instanceof Problem) {
      full = project
      return project
    }
    const place = { project_id: project.id, owner_id: project.owner_id }
    made.set(projectKeyOf(name), place)
    return place
  }
}

/** Tells why a row has no project that it names. */
export function rejectProject(
  { row, project, project_id }: RowRecord,
  problem: Problem
): Rejection {
  const [{ code, detail } = { code: problem.code, detail: problem.message }] =
    problem.extras.errors ?? []
  const mapping = project === undefined ? 'mapping {"project_id": null}' : 'mapping'
  return {
    row,
    column: project === undefined ? PROJECT : PROJECT_NAME,
    code,
    message: `${detail} Name a project for all rows in project_id, or leave the column out with ${mapping}.`,
    value: project ?? project_id ?? null
  }
}

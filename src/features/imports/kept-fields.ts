import { validatorOf } from '../../http/validation.ts'
import { isPosition } from '../../lib/position.ts'
import { inZone, UTC } from '../../lib/time-zone.ts'
import { isDate, isTimestamp, normalizeTimestamp } from '../../lib/timestamp.ts'
import { isUuidV7 } from '../../lib/uuid.ts'
import { ProjectCreate, schemas as projectSchemas } from '../projects/schema.ts'
import type { SettableField } from './draft.ts'
import type { Fault } from './faults.ts'
import { POSITION, PROJECT, PROJECT_NAME } from './fields.ts'
import { printable } from './problems.ts'
import type { Reading } from './reading.ts'
import { type Draft, textOf } from './sources/source.ts'

/** What a task keeps when it moves here. */
export interface Kept {
  id?: string
  created_at?: string
  completed_at?: string
  /** The project that it is in, where the file is ours. */
  project_id?: string
  /** The name of that project, and whether it is created where there is none. */
  project?: string
  makes_project?: boolean
  /** Whether the project is that of an account whose file it is. */
  of_account?: boolean
  /** Whether the file has its project, so that the import creates it. */
  has_project?: boolean
  /** Where it is in its list, where the file is ours. */
  position?: string
  /** The fields that the row sets or clears in a task that exists; only with an id. */
  given?: SettableField[]
}

const MAX_PROJECT_NAME = 100
const validateProject = validatorOf(ProjectCreate, projectSchemas)

/** Clocks of several machines differ a little. */
const CLOCK_SKEW_MS = 60_000

/**
 * Returns what a draft keeps beside the fields of its task, and what is wrong with it. A task with a date of completion
 * is done, unless the row says otherwise; `given` are the fields that the row has.
 */
export function keptOf(
  draft: Draft,
  task: Record<string, unknown>,
  given: SettableField[],
  reading: Reading
): { kept: Kept; faults: Fault[] } {
  const kept: Kept = {}
  const faults: Fault[] = []
  const read = {
    id: idOf(textOf(draft, 'id'), reading),
    [PROJECT]: projectOf(textOf(draft, PROJECT), reading),
    [PROJECT_NAME]: projectNameOf(textOf(draft, PROJECT_NAME), reading),
    [POSITION]: positionOf(textOf(draft, POSITION)),
    created_at: momentOf('created_at', draft, reading),
    completed_at: momentOf('completed_at', draft, reading)
  }
  for (const [field, found] of Object.entries(read)) {
    if (typeof found === 'object') {
      faults.push(found)
    } else if (found !== undefined) {
      kept[field as keyof typeof read] = found
    }
  }
  if (kept.id !== undefined) {
    kept.given = given
  }
  if (kept.project_id !== undefined && reading.account.isAccount()) {
    kept.of_account = true
    kept.has_project = reading.account.hasProject(kept.project_id)
  }
  if (kept.project !== undefined) {
    putInto(kept, kept.project, reading)
  }
  if (kept.completed_at !== undefined) {
    if (task.status === undefined) {
      task.status = 'done'
      kept.given?.push('status')
    }
    if (task.status !== 'done') {
      delete kept.completed_at
    }
  }
  return { kept, faults }
}

/** Puts a task into the project of a name. */
export function putInto(kept: Kept, project: string, { createsProjects }: Reading): void {
  kept.project = project
  if (createsProjects) {
    kept.makes_project = true
  }
}

/** Returns the id of a row; a fault, where ids are ours and it is none; undefined for one of another program. */
function idOf(text: string, { ids }: Reading): string | Fault | undefined {
  if (isUuidV7(text)) {
    ids.kept++
    return text.toLowerCase()
  }
  if (text !== '' && ids.areOurs) {
    return { column: 'id', code: 'malformed', message: 'id must be a UUIDv7.' }
  }
  ids.foreign ??= text || undefined
  return undefined
}

/** Returns the position of a row, or a fault where it is none of ours. */
function positionOf(text: string): string | Fault | undefined {
  if (text === '' || isPosition(text)) {
    return text || undefined
  }
  const message = 'position must be as in an export, or empty for the order of the file.'
  return { column: POSITION, code: 'malformed', message }
}

/** Returns the project of a row, or a fault where it can be none. */
function projectOf(text: string, reading: Reading): string | Fault | undefined {
  if (text === '') {
    return undefined
  }
  reading.hasProjects = true
  if (isUuidV7(text)) {
    return text.toLowerCase()
  }
  return { column: PROJECT, code: 'malformed', message: 'project_id must be a UUIDv7.' }
}

/** Returns the name of the project of a row, or a fault where it can be none. */
function projectNameOf(text: string, reading: Reading): string | Fault | undefined {
  const name = printable(text, 2 * MAX_PROJECT_NAME).trim()
  if (name === '') {
    return undefined
  }
  reading.hasProjects = true
  const [characters, longest] = [[...name], MAX_PROJECT_NAME]
  if (characters.length > longest) {
    reading.warn('project_names_cut', `Names of projects are cut to ${longest} characters.`)
  }
  const project = characters.slice(0, longest).join('').trim()
  return validateProject({ name: project }).length === 0
    ? project
    : { column: PROJECT_NAME, code: 'malformed', message: 'project must be the name of a project.' }
}

/** Reads a date as its beginning, and what has no zone in that of the file; without one it is UTC, which is told. */
export function timestampOf(
  text: string,
  { zone, warn }: Pick<Reading, 'zone' | 'warn'>
): string | undefined {
  const isDay = isDate(text)
  const at = inZone(isDay ? `${text}T00:00` : text, zone ?? UTC)
  if (at !== undefined && !zone && !isDay) {
    warn(
      'time_zone_assumed',
      'Times of creation and completion without a time zone are read as UTC; time_zone says otherwise.'
    )
  }
  return at ?? (text || undefined)
}

function momentOf(
  field: 'created_at' | 'completed_at',
  draft: Draft,
  reading: Reading
): string | Fault | undefined {
  const text = textOf(draft, field)
  const at = timestampOf(text, reading)
  const fault = text === '' ? undefined : faultOf(field, at)
  return fault ?? (at && normalizeTimestamp(at))
}

function faultOf(column: 'created_at' | 'completed_at', at = ''): Fault | undefined {
  if (!isTimestamp(at)) {
    return {
      column,
      code: 'malformed',
      message: `${column} must be a date, or a date and time such as 2026-01-31T09:00:00Z.`
    }
  }
  return Date.parse(at.toUpperCase()) > Date.now() + CLOCK_SKEW_MS
    ? { column, code: 'in_future', message: `${column} must not be in the future.` }
    : undefined
}

import { inZone, UTC } from '../../lib/time-zone.ts'
import { isDate, isTimestamp, normalizeTimestamp } from '../../lib/timestamp.ts'
import { type CsvField, isUuidV7 } from '../tasks/schema.ts'
import type { Fault } from './faults.ts'
import type { Reading } from './reading.ts'
import { type Draft, textOf } from './sources/source.ts'

/** What a task keeps when it moves here. */
export interface Kept {
  id?: string
  created_at?: string
  completed_at?: string
  /** The fields that the row sets or clears in a task that exists; only with an id. */
  given?: CsvField[]
}

/** Clocks of several machines differ a little. */
const CLOCK_SKEW_MS = 60_000

/**
 * Returns what a draft keeps beside the fields of its task, and what is wrong with it. A task with a date of completion
 * is done, unless the row says otherwise; `given` are the fields that the row has.
 */
export function keptOf(
  draft: Draft,
  task: Record<string, unknown>,
  given: CsvField[],
  reading: Reading
): { kept: Kept; faults: Fault[] } {
  const kept: Kept = {}
  const faults: Fault[] = []
  const id = idOf(textOf(draft, 'id'), reading)
  if (typeof id === 'object') {
    faults.push(id)
  } else if (id !== undefined) {
    kept.id = id
    kept.given = given
  }
  for (const field of ['created_at', 'completed_at'] as const) {
    const text = textOf(draft, field)
    const at = timestampOf(text, reading)
    const fault = text === '' ? undefined : faultOf(field, at)
    if (fault) {
      faults.push(fault)
    } else if (at !== undefined) {
      kept[field] = normalizeTimestamp(at)
    }
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

/** Reads a date as its beginning, and what has no zone in that of the file; without one it is UTC, which is told. */
function timestampOf(text: string, { zone, warn }: Reading): string | undefined {
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

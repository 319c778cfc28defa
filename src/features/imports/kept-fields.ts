import { isTimestamp, normalizeTimestamp } from '../../lib/timestamp.ts'
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
const DATE = /^\d{4}-\d{2}-\d{2}$/
const WITHOUT_ZONE = /^\d{4}-\d{2}-\d{2}T[\d:.]+$/

/**
 * Returns what a draft keeps beside the fields of its task, and what is wrong with it. A task with a date of completion
 * is done, unless the row says otherwise.
 */
export function keptOf(
  draft: Draft,
  task: Record<string, unknown>,
  { warn }: Reading
): { kept: Kept; faults: Fault[] } {
  const kept: Kept = {}
  const faults: Fault[] = []
  const id = textOf(draft, 'id')
  if (id !== '' && !isUuidV7(id)) {
    faults.push({ column: 'id', code: 'malformed', message: 'id must be a UUIDv7.' })
  } else if (id !== '') {
    kept.id = id.toLowerCase()
  }
  for (const field of ['created_at', 'completed_at'] as const) {
    const text = textOf(draft, field)
    const at = timestampOf(text, warn)
    const fault = text === '' ? undefined : faultOf(field, at)
    if (fault) {
      faults.push(fault)
    } else if (at !== undefined) {
      kept[field] = normalizeTimestamp(at)
    }
  }
  if (kept.completed_at !== undefined) {
    task.status ??= 'done'
    if (task.status !== 'done') {
      delete kept.completed_at
    }
  }
  return { kept, faults }
}

/** Reads a date as its beginning, and a time without zone as UTC, which is told. */
function timestampOf(text: string, warn: Reading['warn']): string | undefined {
  if (text === '') {
    return undefined
  }
  if (DATE.test(text)) {
    return `${text}T00:00:00Z`
  }
  if (WITHOUT_ZONE.test(text)) {
    warn(
      'time_zone_assumed',
      'Times of creation and completion without a time zone are read as UTC.'
    )
    return `${text}Z`
  }
  return text
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

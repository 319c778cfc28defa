import { validatorOf } from '../../http/validation.ts'
import { unguardCell } from '../../lib/csv.ts'
import { type TaskCreate as Draft, schemas, TaskCreate } from '../tasks/schema.ts'
import type { Columns, Field } from './columns.ts'
import { type Cells, isBlank } from './csv-reader.ts'
import { MAX_VALUE } from './schema.ts'

/** What is wrong with a row; `column` is empty when it is the row as a whole. */
export interface RowError {
  column: Field | ''
  code: string
  message: string
  value: string | null
}
export type ParsedRow = { draft: Draft } | { faults: RowError[] }

/** The rules of a new task are those of the contract, whichever way it comes in. */
const faultsOf = validatorOf(TaskCreate, schemas)
const SYNONYMS: Record<string, string> = { pending: 'todo', completed: 'done' }
const DATE = /^\d{4}-\d{2}-\d{2}$/
const DUE_DATE_HINT =
  'due_date must be a date such as 2026-01-31, which means its end in UTC, or a date and time with zone, such as 2026-01-31T09:00:00Z.'

/** What a row says: a task to be, or each of its faults. An empty cell is an absent one. */
export function parseRow(cells: Cells, { places, width }: Columns): ParsedRow {
  const beyond = cells.findIndex((cell, i) => i >= width && !isBlank(cell))
  if (beyond >= 0) {
    return {
      faults: [
        {
          column: '',
          code: 'too_many_cells',
          message: `The row has a cell ${beyond + 1}, but the header has ${width}. A comma inside a cell needs quotes around the cell.`,
          value: cut(cells[beyond] ?? null)
        }
      ]
    }
  }
  const cell = (field: Field): string | null => {
    const place = places[field]
    const text = place === undefined ? null : (cells[place] ?? null)
    return text === null ? null : unguardCell(text)
  }
  const trimmed = (field: Field): string | undefined => cell(field)?.trim() || undefined
  const draft: Record<string, unknown> = {}
  const title = cell('title')
  if (title !== null && title.trim() !== '') {
    draft.title = title
  }
  const description = cell('description')
  if (description !== null) {
    draft.description = description
  }
  const status = trimmed('status')
  if (status !== undefined) {
    draft.status = statusOf(status)
  }
  const priority = trimmed('priority')
  if (priority !== undefined) {
    draft.priority = priority.toLowerCase()
  }
  const due = trimmed('due_date')
  if (due !== undefined) {
    draft.due_date = DATE.test(due) ? `${due}T23:59:59.999Z` : due
  }
  const tags = trimmed('tags')
  if (tags !== undefined) {
    draft.tags = tags
      .split('|')
      .map((tag) => tag.trim())
      .filter(Boolean)
  }

  const found = faultsOf(draft)
  if (found.length === 0) {
    return { draft: draft as Draft }
  }
  const faults = new Map<string, RowError>()
  for (const { pointer, code, detail } of found) {
    const column = pointer.split('/')[1] as Field
    if (!faults.has(column)) {
      faults.set(column, {
        column,
        code,
        message: column === 'due_date' ? DUE_DATE_HINT : detail,
        value: cut(cells[places[column] ?? -1] ?? null)
      })
    }
  }
  return { faults: [...faults.values()] }
}

function statusOf(text: string): string {
  const status = text.toLowerCase().replace(/[\s_-]+/g, '_')
  return SYNONYMS[status] ?? status
}

/** The beginning of a value, in whole characters that can be stored. */
function cut(value: string | null): string | null {
  return value === null
    ? null
    : [...value.slice(0, MAX_VALUE * 2)]
        .slice(0, MAX_VALUE)
        .join('')
        .replaceAll('\0', '\ufffd')
        .toWellFormed()
}

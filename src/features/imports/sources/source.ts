import type { TimeZone } from '../../../lib/time-zone.ts'
import type { ImportField } from '../fields.ts'

/** What a row says, as texts in our words that are still to be validated; tags may be a list. */
export type Draft = Partial<Record<ImportField, string | (string | null)[]>>

/** Reads a cell of the row by the key of its column; an empty text when there is none. */
export type ReadCell = (key: string) => string

/** How a row is read, beside its cells. */
export interface RowReading {
  /** Tells what is assumed or left out. */
  warn: (code: string, detail: string) => void
  /** In which its times without zone are meant. */
  zone: TimeZone | undefined
}

/** A comment as a file says it. */
export interface SourceComment {
  body: string
  author?: string | undefined
  /** When it was written, as the file has it. */
  at?: string | undefined
}

/** A program whose exports are recognised. */
export interface Source {
  /** As in the field `source` of an import. */
  id: string
  /** Sets of columns, as keys: a file that has all of one set is an export of this program. */
  signatures: string[][]
  /** What columns are called in other languages: the key that they have here, by theirs. */
  translations?: Readonly<Record<string, string>>
  /** The field of each column, by its key. Of several columns for one field the first that is not empty counts. */
  columns: Record<string, ImportField>
  /** Whether tasks are due on a day, so that a midnight behind it means nothing. */
  isDueOnDays?: true
  /** The key of the column that names the zone in which times of its row are meant. */
  zone?: string
  /** The key of the column that names the section of a task. */
  section?: string
  /** Returns the section that a row is in, which becomes a tag; `above` is that of the row before. Empty for none. */
  sectionOf?: (cell: ReadCell, above: string) => string
  /** The key of the columns that hold comments. */
  comments?: string
  /** Returns the comments of a row, from such columns or from the row as a whole: that is on the task above it. */
  commentsOf?: (cell: ReadCell, texts: string[]) => SourceComment[]
  /** The keys of columns that say what other rows call a task as their parent; `id` where none is named. */
  names?: readonly string[]
  /** How deep a row is below the ones before it, 1 being the top; for programs that name no parents. */
  levelOf?: (cell: ReadCell) => number | undefined
  /** Changes what the columns say by themselves; undefined for a row that is no task. */
  adjust?: (draft: Draft, cell: ReadCell, reading: RowReading) => Draft | undefined
}

/** A spreadsheet that saves a file again writes these in the language of its user. */
const YES = /^(yes|y|true|1|x|done|completed|wahr|vrai|verdadero|vero|waar)$/i
const NO = /^(no|n|false|0|falsch|faux|falso|onwaar)$/i

/** Returns whether a cell says yes. */
export const isYes = (text: string): boolean => YES.test(text.trim())

/** A column for the time of completion may only say whether a task is done. */
export function withCompletion(draft: Draft): Draft {
  const { completed_at: _, ...rest } = draft
  const text = textOf(draft, 'completed_at')
  if (YES.test(text)) {
    return { ...rest, status: textOf(draft, 'status') || 'done' }
  }
  return NO.test(text) ? rest : draft
}

/** Splits a list of tags as programs write it. `|` separates tags in files of ours, so none can contain it. */
export const splitTags = (text: string, separator: RegExp): string[] =>
  toTags(text.split(separator))

/** Returns names as tags, which have no `|`. */
export const toTags = (names: string[]): string[] =>
  names.map((name) => name.replaceAll('|', '/').trim()).filter(Boolean)

/** Returns the text of a field that is no list; empty when there is none. */
export function textOf(draft: Draft, field: ImportField): string {
  const value = draft[field]
  return typeof value === 'string' ? value.trim() : ''
}

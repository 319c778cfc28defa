import { validatorOf } from '../../http/validation.ts'
import type { TimeZone } from '../../lib/time-zone.ts'
import { isTimestamp, normalizeTimestamp } from '../../lib/timestamp.ts'
import { schemas, TaskCommentCreate } from '../comments/schema.ts'
import { type Cells, cellText, isBlank } from './csv-reader.ts'
import { isoDate } from './dates.ts'
import type { RowError } from './faults.ts'
import { COMMENT } from './fields.ts'
import { MAX_VALUE } from './file.schema.ts'
import { timestampOf } from './kept-fields.ts'
import { beginningOf, printable } from './problems.ts'
import type { CommentedRow, Reading } from './reading.ts'
import type { SourceComment } from './sources/source.ts'

/** A comment that a row says, on its own task or on that of a row above. */
export interface RowComment {
  body: string
  /** Who wrote it, if the file names somebody. */
  author?: string
  created_at?: string
}

/** The comments of a row, and the first that cannot be taken. */
export interface RowComments {
  comments: RowComment[]
  faults: RowError[]
}

/** Comments on the task of a row; they are numbered from `first` on. */
export interface CommentsOnRow {
  on: Omit<CommentedRow, 'count'>
  first: number
  comments: RowComment[]
}

const MAX_AUTHOR = 254
const validate = validatorOf(TaskCommentCreate, schemas)

/** Returns the comments that a row says; its times are meant in `zone`. */
export function commentsOf(
  cells: Cells,
  reading: Reading,
  zone: TimeZone | undefined
): RowComments {
  const { source, columns } = reading.layout
  const texts = columns.flatMap(({ extra }, i) =>
    extra === COMMENT && !isBlank(cells[i] ?? null) ? [cellText(cells[i])] : []
  )
  const read = (key: string) => cellText(cells[columns.findIndex((each) => each.key === key)])
  const comments: RowComment[] = []
  const faults: RowError[] = []
  for (const said of source.commentsOf?.(read, texts) ?? []) {
    const body = said.body.replace(/\r\n?/g, '\n')
    const [fault] = validate({ body })
    if (fault) {
      const value = beginningOf(body, MAX_VALUE)
      faults.push({ column: COMMENT, code: fault.code, message: fault.detail, value })
    } else {
      comments.push({ body, ...authorOf(said), ...momentOf(said, reading, zone) })
    }
  }
  return { comments, faults: faults.slice(0, 1) }
}

/** The fault of a comment that is on nothing. */
export const onNothing = ([first]: RowComment[]): RowError => ({
  column: COMMENT,
  code: 'unknown_task',
  message: 'The comment is on the task of a row above, and there is none, or it is rejected.',
  value: beginningOf(first?.body ?? '', MAX_VALUE)
})

function authorOf({ author = '' }: SourceComment): Pick<RowComment, 'author'> {
  const name = printable(author, MAX_AUTHOR).trim()
  return name === '' ? {} : { author: name }
}

function momentOf(
  { at = '' }: SourceComment,
  { dateOrder, warn }: Reading,
  zone: TimeZone | undefined
): Pick<RowComment, 'created_at'> {
  if (at.trim() === '') {
    return {}
  }
  const moment = timestampOf(isoDate(at, dateOrder), { zone, warn }) ?? ''
  if (isTimestamp(moment)) {
    return { created_at: normalizeTimestamp(moment) }
  }
  warn(
    'comment_dates_not_kept',
    'Comments whose date is not one moment are as old as their import.'
  )
  return {}
}

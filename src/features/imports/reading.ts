import type { TimeZone } from '../../lib/time-zone.ts'
import type { AccountReader } from './account-reader.ts'
import { type Cells, cellText } from './csv-reader.ts'
import { type DateOrder, isAmbiguous, orderOf, slashedDate } from './dates.ts'
import { createFamily, type Family } from './family.ts'
import type { ImportField } from './fields.ts'
import type { Findings } from './findings.ts'
import type { Layout } from './header.ts'
import type { Mapping } from './mapping.ts'
import { printable } from './problems.ts'

export const DATE_FIELDS = [
  'due_date',
  'created_at',
  'completed_at'
] as const satisfies ImportField[]

/** The ids of a file, counted row by row. */
interface Ids {
  /** Whether the sender or the program says that they are ours, so that any other id is a mistake. */
  areOurs: boolean
  kept: number
  /** One that is none of ours, and so ignored. */
  foreign: string | undefined
}

/** A row whose task is commented on, and how many comments on it have been read. */
export interface CommentedRow {
  row: number
  /** The id of its task and of the project of that, where they are kept. */
  id: string | undefined
  project_id: string | undefined
  count: number
}

/** How the rows of a file are to be read. */
export interface Reading {
  layout: Layout
  /** Whether cells may begin with the `'` that our CSV puts before formulas. */
  isGuarded: boolean
  /** The order of days and months that are written with slashes; undefined where nothing tells. */
  dateOrder: DateOrder | undefined
  /** In which times without zone are meant; undefined where nobody says so. */
  zone: TimeZone | undefined
  ids: Ids
  /** Whether a row has said in which project its task is. */
  hasProjects: boolean
  /** The section that the last row is in; empty for none. */
  section: string
  /** The last row that is a task; undefined where it is rejected. */
  commented: CommentedRow | undefined
  /** Whether projects are created that a row names and that are missing. */
  createsProjects: boolean
  /** Knows what the export of an account has beside tasks. */
  account: AccountReader
  /** Finds which rows are below others. */
  family: Family
  warn: Findings['warn']
}

/** How the sender says that rows are to be read. */
export interface ReadingOptions {
  date_order?: DateOrder | undefined
  /** In which times without zone are meant. */
  zone?: TimeZone | undefined
  mapping: Mapping
  /** Whether projects are created that rows name and that are missing; they are, if nobody says so. */
  create_projects?: boolean | undefined
  account: AccountReader
}

/** Decides by the first rows of a file the order of days and months. If it stays open, that is told. */
export function createReading(
  layout: Layout,
  rows: Cells[],
  found: Findings,
  { date_order, zone, mapping, create_projects = true, account }: ReadingOptions
): Reading {
  return {
    layout,
    isGuarded: found.format === 'csv' && ['tasklane', 'generic'].includes(layout.source.id),
    dateOrder: date_order ?? findDateOrder(layout, rows, found),
    zone,
    ids: { areOurs: saysIds(layout, mapping), kept: 0, foreign: undefined },
    hasProjects: false,
    section: '',
    commented: undefined,
    createsProjects: create_projects,
    account,
    family: createFamily(layout),
    warn: found.warn
  }
}

const saysIds = ({ source }: Layout, { columns }: Mapping): boolean =>
  source.id === 'tasklane' || [...columns.values()].some(({ field }) => field === 'id')

/** Of an id that is none of ours, as much is told. */
const MAX_ID = 50

/** Returns the layout when all rows have been read: without the ids, if none is ours. Tells when only some are. */
export function finalLayout({ layout, ids, warn }: Reading): Layout {
  if (ids.areOurs || (ids.kept > 0 && ids.foreign === undefined)) {
    return layout
  }
  if (ids.kept > 0) {
    warn(
      'ids_not_kept',
      `Ids that are no UUIDv7, such as “${printable(ids.foreign ?? '', MAX_ID)}”, are ignored: ` +
        'importing their rows again makes new tasks.'
    )
    return layout
  }
  return {
    ...layout,
    columns: layout.columns.map((column) =>
      column.field === 'id' ? { ...column, field: undefined } : column
    )
  }
}

function findDateOrder({ columns }: Layout, rows: Cells[], found: Findings): DateOrder | undefined {
  const positions = columns.flatMap(({ field }, i) =>
    DATE_FIELDS.some((date) => date === field) ? [i] : []
  )
  const dates = rows.flatMap((cells) =>
    positions.flatMap((i) => slashedDate(cellText(cells[i])) ?? [])
  )
  const orders = new Set(dates.map(orderOf).filter((order) => order !== undefined))
  const [order] = orders
  if (orders.size === 1) {
    return order
  }
  if (dates.some(isAmbiguous)) {
    found.warn(
      'date_order_unknown',
      'The file has dates that may begin with the day or with the month. ' +
        'Repeat the import with date_order=dmy or date_order=mdy.'
    )
  }
  return undefined
}

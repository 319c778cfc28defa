import type { TimeZone } from '../../lib/time-zone.ts'
import { isUuidV7 } from '../../lib/uuid.ts'
import type { Cells } from './csv-reader.ts'
import { type DateOrder, isAmbiguous, orderOf, slashedDate } from './dates.ts'
import type { ImportField } from './fields.ts'
import type { Findings } from './findings.ts'
import type { Column, Layout } from './header.ts'

export const DATE_FIELDS = [
  'due_date',
  'created_at',
  'completed_at'
] as const satisfies ImportField[]

/** How the rows of a file are to be read. */
export interface Reading {
  layout: Layout
  /** Whether cells may begin with the `'` that our CSV puts before formulas. */
  isGuarded: boolean
  /** The order of days and months that are written with slashes; undefined where nothing tells. */
  dateOrder: DateOrder | undefined
  /** In which times without zone are meant; undefined where nobody says so. */
  zone: TimeZone | undefined
  warn: Findings['warn']
}

/**
 * Decides by the first rows of a file what its header leaves open: whether its ids are ours, and the order of days and
 * months. What stays open is told.
 */
export function createReading(
  layout: Layout,
  rows: Cells[],
  found: Findings,
  { date_order, zone }: { date_order?: DateOrder | undefined; zone?: TimeZone | undefined }
): Reading {
  return {
    layout: withoutForeignIds(layout, rows),
    isGuarded: found.format === 'csv' && ['tasklane', 'generic'].includes(layout.source.id),
    dateOrder: date_order ?? findDateOrder(layout, rows, found),
    zone,
    warn: found.warn
  }
}

/** Ids of another program are none of ours, unless the sender says so. */
function withoutForeignIds(layout: Layout, rows: Cells[]): Layout {
  const isOurs = ({ isMapped }: Column, i: number) =>
    isMapped ||
    layout.source.id === 'tasklane' ||
    rows.some((cells) => isUuidV7((cells[i] ?? '').trim()))
  return {
    ...layout,
    columns: layout.columns.map((column, i) =>
      column.field !== 'id' || isOurs(column, i) ? column : { ...column, field: undefined }
    )
  }
}

function findDateOrder({ columns }: Layout, rows: Cells[], found: Findings): DateOrder | undefined {
  const positions = columns.flatMap(({ field }, i) =>
    DATE_FIELDS.some((date) => date === field) ? [i] : []
  )
  const dates = rows.flatMap((cells) => positions.flatMap((i) => slashedDate(cells[i] ?? '') ?? []))
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

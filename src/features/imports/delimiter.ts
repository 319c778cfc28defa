import { parse } from 'csv-parse/sync'

/** What may separate cells; where a header says nothing else, the first. */
const DELIMITERS = [',', ';', '\t', '|'] as const
/** A header may stand behind a few lines about the file. */
export const MAX_LINES_BEFORE_HEADER = 10
/** Excel's own line: it names the delimiter, and is no row. */
const SEP_LINE = /^"?sep=([^\r\n"])"?[ \t]*(\r\n|\n|\r|$)/i

/** Returns the delimiter of a file by its beginning, and how many characters of it are a line that names it. */
export function findDelimiter(
  beginning: string,
  isKnown: (name: string) => boolean
): { delimiter: string; skip: number } {
  const named = SEP_LINE.exec(beginning)
  if (named) {
    return { delimiter: named[1] as string, skip: named[0].length }
  }
  const scores = DELIMITERS.map((delimiter) => scoreOf(beginning, delimiter, isKnown))
  const best = scores.reduce((a, b) => (isBetter(b, a) ? b : a))
  return { delimiter: best.delimiter, skip: 0 }
}

interface Score {
  delimiter: string
  /** How many names of a header it makes. */
  names: number
  cells: number
}

const isBetter = (a: Score, b: Score): boolean =>
  a.names > b.names || (a.names === b.names && a.cells > b.cells)

function scoreOf(beginning: string, delimiter: string, isKnown: (name: string) => boolean): Score {
  const rows = firstRows(beginning, delimiter)
  const names = Math.max(0, ...rows.map((cells) => cells.filter(isKnown).length))
  return { delimiter, names, cells: rows[0]?.length ?? 0 }
}

/** Returns the first rows, as far as they are valid with this delimiter. */
function firstRows(beginning: string, delimiter: string): string[][] {
  const rows: string[][] = []
  try {
    parse(beginning, {
      delimiter,
      to: MAX_LINES_BEFORE_HEADER + 1,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (cells: string[]) => {
        rows.push(cells)
        return null
      }
    })
  } catch {
    // The beginning ends in a quoted cell, or another delimiter makes quotes stand in the middle of cells.
  }
  return rows
}

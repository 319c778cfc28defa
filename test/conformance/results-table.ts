import type { JourneyResult } from './journey.ts'
import { STEPS } from './steps.ts'

const formatSeconds = (value: number | undefined): string =>
  value === undefined ? '' : `${value.toFixed(1)} s`

function stepCell({ skipped, failure, steps }: JourneyResult, step: string): string {
  if (skipped) {
    return 'skipped'
  }
  if (steps.has(step)) {
    return 'ok'
  }
  return failure ? '-' : ''
}

/** Formats one column per language: the stages with their seconds, and the steps of the journey. */
export function formatTable(results: JourneyResult[]): string {
  const row = (title: string, cell: (result: JourneyResult) => string): string[] => [
    title,
    ...results.map(cell)
  ]
  const rows = [
    row('', ({ language }) => language.name),
    row('install the tools', ({ times }) => formatSeconds(times.prepare)),
    row('generate', ({ times }) => formatSeconds(times.generate)),
    row('names, none invented', ({ names }) => (names === undefined ? '' : String(names))),
    row('build', ({ times }) => formatSeconds(times.build)),
    ...STEPS.map((step) => row(step, (result) => stepCell(result, step))),
    row('run the journey', ({ times }) => formatSeconds(times.journey)),
    row('total', ({ skipped, seconds }) => (skipped ? '' : formatSeconds(seconds)))
  ]
  return alignColumns(rows)
}

/** Aligns the first column left and the others right. */
function alignColumns(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => (cells[column] ?? '').length))
  )
  const align = (text: string, column: number) => {
    const width = widths[column] ?? 0
    return column === 0 ? text.padEnd(width) : text.padStart(width + 2)
  }
  return rows.map((cells) => cells.map(align).join('')).join('\n')
}

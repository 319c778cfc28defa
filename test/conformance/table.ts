import type { Journey } from './journey.ts'
import { STEPS } from './steps.ts'

/** A column for each language; the stages with their seconds, then the steps of the story. */
export function table(journeys: Journey[]): string {
  const seconds = (value: number | undefined) =>
    value === undefined ? '' : `${value.toFixed(1)} s`
  const cell = ({ skipped, fault }: Journey, done: boolean) =>
    skipped ? 'skipped' : done ? 'ok' : fault ? '-' : ''
  const rows: [string, ...string[]][] = [
    ['', ...journeys.map(({ language }) => language.name)],
    ['fetch the tools', ...journeys.map(({ times }) => seconds(times.prepare))],
    ['generate', ...journeys.map(({ times }) => seconds(times.generate))],
    [
      'names, none invented',
      ...journeys.map(({ names }) => (names === undefined ? '' : String(names)))
    ],
    ['build', ...journeys.map(({ times }) => seconds(times.build))],
    ...STEPS.map((step): [string, ...string[]] => [
      step,
      ...journeys.map((journey) => cell(journey, journey.steps.has(step)))
    ]),
    ['tell the story', ...journeys.map(({ times }) => seconds(times.journey))],
    ['in all', ...journeys.map(({ skipped, seconds: all }) => (skipped ? '' : seconds(all)))]
  ]
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length))) ?? []
  return rows
    .map((row) =>
      row
        .map((text, column) =>
          column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart((widths[column] ?? 0) + 2)
        )
        .join('')
    )
    .join('\n')
}

import type { Round } from './measure.ts'

/** The median of a scenario's rounds, beside the baseline. Ratios are of what a request costs: below 1 is better. */
export interface ScenarioReport {
  scenario: string
  tasklane: Round
  baseline?: Round | undefined
  /** CPU time per request of server and database together, divided by the baseline's. */
  cpuRatio?: number | undefined
  p99Ratio?: number | undefined
  /** How far the ratios of the rounds differ, relative to their median. */
  spread: number
}
export interface Report {
  takenAt: string
  node: string
  fastify: string
  cores: number
  database: string
  rounds: number
  seconds: number
  processes: number
  callers: number
  /** On disk with indexes and history, before the run; absent for the embedded database. */
  megabytes?: { tasklane: number; baseline: number } | undefined
  lines: ScenarioReport[]
}

const median = (numbers: number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

const medianRound = (rounds: Round[]): Round =>
  Object.fromEntries(
    (Object.keys(rounds[0] as Round) as (keyof Round)[]).map((key) => [
      key,
      median(rounds.map((round) => round[key]))
    ])
  ) as unknown as Round

/** Compares rounds that ran side by side, pair by pair, so that what slows both cancels out. */
export function summarize(scenario: string, tasklane: Round[], baseline: Round[]): ScenarioReport {
  const pairs = baseline.map((round, i) => ({ ours: tasklane[i] as Round, theirs: round }))
  const ratios = pairs.map(({ ours, theirs }) => ours.cpu / theirs.cpu)
  return {
    scenario,
    tasklane: medianRound(tasklane),
    spread: ratios.length > 1 ? (Math.max(...ratios) - Math.min(...ratios)) / median(ratios) : 0,
    ...(baseline.length > 0 && {
      baseline: medianRound(baseline),
      cpuRatio: median(ratios),
      p99Ratio: median(pairs.map(({ ours, theirs }) => ours.p99 / Math.max(1, theirs.p99)))
    })
  }
}

const format = (value: number | undefined, digits = 0): string =>
  value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits)

/** The table's columns: each a title and the cell of a scenario. */
const COLUMNS: [title: string, cell: (line: ScenarioReport) => string][] = [
  ['scenario', ({ scenario }) => scenario],
  ['req/s', ({ tasklane }) => format(tasklane.rps)],
  ['p50', ({ tasklane }) => format(tasklane.p50, 1)],
  ['p99', ({ tasklane }) => format(tasklane.p99, 1)],
  ['Node µs', ({ tasklane }) => format(tasklane.nodeCpu)],
  ['DB µs', ({ tasklane }) => format(tasklane.databaseCpu)],
  ['CPU µs', ({ tasklane }) => format(tasklane.cpu)],
  ['MB', ({ tasklane }) => format(tasklane.memory)],
  ['baseline req/s', ({ baseline }) => format(baseline?.rps)],
  ['baseline CPU µs', ({ baseline }) => format(baseline?.cpu)],
  ['CPU ratio', ({ cpuRatio }) => format(cpuRatio, 2)],
  ['p99 ratio', ({ p99Ratio }) => format(p99Ratio, 2)]
]

/** Formats the report as a table in Markdown, with all columns but the first aligned right. */
export function formatTable({ lines }: Report): string {
  const columns = COLUMNS.map(([title, cell], i) => {
    const cells = [title, ...lines.map(cell)]
    const width = Math.max(...cells.map(({ length }) => length))
    const rule = i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`
    const [head = '', ...body] = cells.map((text) =>
      i === 0 ? text.padEnd(width) : text.padStart(width)
    )
    return [head, rule, ...body]
  })
  const rows = (columns[0] ?? []).map((_, row) => columns.map((cells) => cells[row]))
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Lists the scenarios that cost more than before: by more than the spread of both runs, and by at least 5 %. */
export function findRegressions(now: Report, before: Report): string[] {
  return compare(now, before, (line, old) => 1 + Math.max(0.05, line.spread, old.spread))
}

/** Lists the scenarios that cost more than so many times what they did, however noisy the runs are. */
export function findGrossRegressions(now: Report, before: Report, times: number): string[] {
  return compare(now, before, () => times)
}

function compare(
  now: Report,
  before: Report,
  acceptedTimes: (line: ScenarioReport, old: ScenarioReport) => number
): string[] {
  return now.lines.flatMap((line) => {
    const old = before.lines.find(({ scenario }) => scenario === line.scenario)
    if (line.cpuRatio === undefined || old?.cpuRatio === undefined) {
      return []
    }
    const times = acceptedTimes(line, old)
    if (line.cpuRatio <= old.cpuRatio * times) {
      return []
    }
    const change = `${old.cpuRatio.toFixed(2)} → ${line.cpuRatio.toFixed(2)}`
    return [
      `${line.scenario}: CPU ${change} of the baseline's (accepted: ${times.toFixed(2)} times)`
    ]
  })
}

const BAR = 22
const WIDTH = 720
const LABEL = 150
const TOP = 40

/** Draws the ratios of CPU time as bars; the dashed line is the baseline. */
export function plot({ lines, takenAt, processes }: Report): string {
  const bars = lines.flatMap(({ scenario, cpuRatio }) =>
    cpuRatio === undefined ? [] : [{ scenario, ratio: cpuRatio }]
  )
  const scale = (WIDTH - LABEL - 70) / Math.max(1, ...bars.map(({ ratio }) => ratio))
  const height = TOP + 20 + bars.length * BAR
  const baseline = (LABEL + scale).toFixed(1)
  const unit = processes === 1 ? 'process' : 'processes'
  const title =
    'CPU time per request, in times of the baseline' +
    ` (${processes} ${unit}, ${takenAt.slice(0, 10)})`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}"` +
      ' font-family="system-ui, sans-serif" font-size="13">',
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="12" y="22" font-weight="600">${title}</text>`,
    ...bars.map(({ scenario, ratio }, i) => drawBar(scenario, ratio, scale, TOP + i * BAR)),
    `<line x1="${baseline}" x2="${baseline}" y1="34" y2="${height - 16}"` +
      ' stroke="#b33" stroke-dasharray="4 3"/>',
    '</svg>',
    ''
  ].join('\n')
}

function drawBar(scenario: string, ratio: number, scale: number, y: number): string {
  const width = ratio * scale
  return [
    `<text x="${LABEL - 8}" y="${y + 13}" text-anchor="end">${scenario}</text>`,
    `<rect x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 6}" fill="#3b6ea5"/>`,
    `<text x="${(LABEL + width + 6).toFixed(1)}" y="${y + 13}">${ratio.toFixed(2)}</text>`
  ].join('')
}

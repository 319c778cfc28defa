import type { Round } from './measure.ts'

/** The median of the rounds of one scenario, and how it stands to the baseline. Ratios above 1 are better, save for latency. */
export interface Line {
  scenario: string
  tasklane: Round
  baseline?: Round | undefined
  database?: number | undefined
  ratio?: number | undefined
  p99Ratio?: number | undefined
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
  lines: Line[]
}

const median = (numbers: number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
export const medianRound = (rounds: Round[]): Round =>
  Object.fromEntries(
    (Object.keys(rounds[0] as Round) as (keyof Round)[]).map((key) => [
      key,
      median(rounds.map((round) => round[key]))
    ])
  ) as unknown as Round

/** Compares rounds that ran side by side: pair by pair, so that what slows both cancels out. */
export function lineOf(
  scenario: string,
  tasklane: Round[],
  baseline: Round[],
  database: number | undefined
): Line {
  const ratios = baseline.map((round, i) => (tasklane[i] as Round).rps / round.rps)
  return {
    scenario,
    tasklane: medianRound(tasklane),
    database,
    spread: ratios.length > 1 ? (Math.max(...ratios) - Math.min(...ratios)) / median(ratios) : 0,
    ...(baseline.length > 0 && {
      baseline: medianRound(baseline),
      ratio: median(ratios),
      p99Ratio: median(
        baseline.map((round, i) => (tasklane[i] as Round).p99 / Math.max(1, round.p99))
      )
    })
  }
}

const HEAD = [
  'scenario',
  'req/s',
  'p50',
  'p99',
  'Node µs',
  'DB µs',
  'MB',
  'bare req/s',
  'bare Node µs',
  'ratio',
  'p99 ratio',
  'pgbench tps'
]

/** The report as a table in Markdown. */
export function tableOf({ lines }: Report): string {
  const n = (value: number | undefined, digits = 0) =>
    value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits)
  const rows = lines.map(({ scenario, tasklane: t, baseline, database, ratio, p99Ratio }) => [
    scenario,
    n(t.rps),
    n(t.p50, 1),
    n(t.p99, 1),
    n(t.nodeCpu),
    n(t.databaseCpu),
    n(t.memory),
    n(baseline?.rps),
    n(baseline?.nodeCpu),
    n(ratio, 2),
    n(p99Ratio, 2),
    n(database)
  ])
  const widths = HEAD.map((head, i) =>
    Math.max(head.length, ...rows.map((row) => (row[i] as string).length))
  )
  const line = (cells: string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number))).join(' | ')} |`
  return [
    line(HEAD),
    line(widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))),
    ...rows.map(line)
  ].join('\n')
}

/** Ratios that fell by more than both runs scatter, and at least by a twentieth. */
export function regressions(now: Report, before: Report): string[] {
  return now.lines.flatMap((line) => {
    const old = before.lines.find((other) => other.scenario === line.scenario)
    if (line.ratio === undefined || old?.ratio === undefined) {
      return []
    }
    const noise = Math.max(0.05, line.spread, old.spread)
    return line.ratio < old.ratio * (1 - noise)
      ? [
          `${line.scenario}: ${old.ratio.toFixed(2)} → ${line.ratio.toFixed(2)} of the baseline (noise ${(noise * 100).toFixed(0)} %)`
        ]
      : []
  })
}

const BAR = 22
const WIDTH = 720
const LABEL = 150

/** The ratios as bars; the line is the baseline. */
export function plotOf({ lines, takenAt, processes }: Report): string {
  const shown = lines.filter((line) => line.ratio !== undefined)
  const most = Math.max(1, ...shown.map((line) => line.ratio as number))
  const scale = (WIDTH - LABEL - 70) / most
  const bars = shown.map(({ scenario, ratio = 0 }, i) => {
    const y = 40 + i * BAR
    return `<text x="${LABEL - 8}" y="${y + 13}" text-anchor="end">${scenario}</text><rect x="${LABEL}" y="${y}" width="${(ratio * scale).toFixed(1)}" height="${BAR - 6}" fill="#3b6ea5"/><text x="${(LABEL + ratio * scale + 6).toFixed(1)}" y="${y + 13}">${ratio.toFixed(2)}</text>`
  })
  const height = 60 + shown.length * BAR
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/><text x="12" y="22" font-weight="600">Requests per second as a share of the bare baseline (${processes} process${processes === 1 ? '' : 'es'}, ${takenAt.slice(0, 10)})</text>
${bars.join('\n')}
<line x1="${(LABEL + scale).toFixed(1)}" x2="${(LABEL + scale).toFixed(1)}" y1="34" y2="${height - 16}" stroke="#b33" stroke-dasharray="4 3"/>
</svg>
`
}

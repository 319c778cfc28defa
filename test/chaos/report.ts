import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ScenarioResult } from './scenario.ts'

export interface Report {
  created_at: string
  seed: number
  node: string
  cores: number
  minutes: number
  results: ScenarioResult[]
}

/** The table's columns: each a title, its alignment, and the cell of a result. */
const COLUMNS: [title: string, align: '---' | '---:', cell: (result: ScenarioResult) => unknown][] =
  [
    ['Scenario', '---', ({ scenario }) => scenario],
    ['Fault', '---', ({ fault }) => fault],
    ['Rounds', '---:', ({ rounds }) => rounds],
    ['Requests', '---:', ({ requests }) => requests],
    ['Outcomes', '---', formatOutcomes],
    ['Longest call', '---:', ({ max_latency_ms }) => formatSeconds(max_latency_ms)],
    ['Recovery', '---:', ({ recovery_ms }) => formatSeconds(recovery_ms)],
    ['Shutdown', '---:', ({ shutdown_ms }) => formatSeconds(shutdown_ms)],
    ['Lost writes', '---:', ({ lost }) => lost],
    ['Duplicates', '---:', ({ duplicates }) => duplicates],
    ['Result', '---', formatViolations]
  ]

function formatOutcomes({ outcomes }: ScenarioResult): string {
  return Object.entries(outcomes)
    .map(([outcome, count]) => `${count} × ${outcome}`)
    .join(', ')
}

function formatSeconds(ms: number): string {
  return ms === 0 ? '–' : `${(ms / 1000).toFixed(2)} s`
}

function formatViolations({ passed, violations }: ScenarioResult): string {
  return passed ? 'passed' : `broken: ${Object.keys(violations).join('; ')}`
}

/** Formats the result of one scenario for the terminal. */
export function formatResult(result: ScenarioResult): string {
  const rounds =
    result.rounds === result.planned ? result.rounds : `${result.rounds} of ${result.planned}`
  const times = [
    `longest call ${formatSeconds(result.max_latency_ms)}`,
    `recovery ${formatSeconds(result.recovery_ms)}`,
    ...(result.shutdown_ms === 0 ? [] : [`shutdown ${formatSeconds(result.shutdown_ms)}`]),
    `lost ${result.lost}`,
    `duplicates ${result.duplicates}`
  ]
  const requests = `${result.requests} requests (${formatOutcomes(result)})`
  return [
    `${result.passed ? 'passed' : 'FAILED'} ${result.scenario}: ${result.fault}`,
    `       ${rounds} rounds in ${result.seconds} s, ${requests}`,
    `       ${times.join(', ')}`,
    ...Object.entries(result.violations).flatMap(([guarantee, { count, examples }]) => [
      `       broken ${count} ×: ${guarantee}`,
      ...examples.slice(0, 3).map((example) => `           ${example}`)
    ])
  ].join('\n')
}

const formatRow = (cells: unknown[]): string => `| ${cells.join(' | ')} |`

/** Formats the report as a table in Markdown. */
function formatReport({ results, ...about }: Report): string {
  const run = [
    about.created_at,
    `Node ${about.node}`,
    `${about.cores} cores`,
    `seed ${about.seed}`,
    `${about.minutes} minutes`
  ]
  return [
    '# Chaos run',
    '',
    `${run.join(', ')}.`,
    '',
    formatRow(COLUMNS.map(([title]) => title)),
    formatRow(COLUMNS.map(([, align]) => align)),
    ...results.map((result) => formatRow(COLUMNS.map(([, , cell]) => cell(result)))),
    ''
  ].join('\n')
}

/** Writes chaos.json and chaos.md. */
export function saveReport(folder: string, report: Report): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'chaos.json'), `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(join(folder, 'chaos.md'), formatReport(report))
}

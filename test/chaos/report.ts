import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Line } from './scenario.ts'

export interface Report {
  taken_at: string
  seed: number
  node: string
  cores: number
  minutes: number
  lines: Line[]
}

const outcomesOf = ({ outcomes }: Line): string =>
  Object.entries(outcomes)
    .map(([outcome, count]) => `${count} × ${outcome}`)
    .join(', ')
const seconds = (ms: number): string => (ms === 0 ? '–' : `${(ms / 1000).toFixed(2)} s`)

export function tellLine(line: Line): string {
  const rounds =
    line.rounds === line.planned
      ? `${line.rounds} rounds`
      : `${line.rounds} of ${line.planned} rounds`
  return [
    `${line.isKept ? 'kept  ' : 'BROKEN'} ${line.scenario}: ${line.fault}`,
    `       ${rounds} in ${line.seconds} s, ${line.requests} requests (${outcomesOf(line)})`,
    `       longest call ${seconds(line.longest_ms)}, back in service after ${seconds(line.back_ms)}${line.left_ms === 0 ? '' : `, left within ${seconds(line.left_ms)}`}, lost ${line.lost}, duplicates ${line.duplicates}`,
    ...Object.entries(line.broken).flatMap(([promise, { count, examples }]) => [
      `       not kept ${count} ×: ${promise}`,
      ...examples.slice(0, 3).map((example) => `           ${example}`)
    ])
  ].join('\n')
}

export const tableOf = ({
  lines,
  ...about
}: Report): string => `# What was tried, and what came of it

${about.taken_at}, Node ${about.node}, ${about.cores} cores, seed ${about.seed}, ${about.minutes} minutes.

| Scenario | Fault | Rounds | Requests | Outcomes | Longest call | Back in service | Left within | Lost writes | Duplicates | Promises |
| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | --- |
${lines.map((line) => `| ${line.scenario} | ${line.fault} | ${line.rounds} | ${line.requests} | ${outcomesOf(line)} | ${seconds(line.longest_ms)} | ${seconds(line.back_ms)} | ${seconds(line.left_ms)} | ${line.lost} | ${line.duplicates} | ${line.isKept ? 'kept' : Object.keys(line.broken).join('; ')} |`).join('\n')}
`

/** Writes chaos.json and chaos.md. */
export function save(folder: string, report: Report): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'chaos.json'), `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(join(folder, 'chaos.md'), tableOf(report))
}

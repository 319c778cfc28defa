/**
 * npm run bench:growth: how the cost of a request grows with the number of tasks, and with that of callers. Each point
 * is a short run of the benchmark; the figures are the CPU time of server and database together.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { countTasks, SIZES_OF_DATA } from './data.ts'
import { type Line, plotLines } from './growth-plot.ts'
import type { Report } from './report.ts'

const { values } = parseArgs({ options: { out: { type: 'string', default: 'bench/results' } } })
const RUN = fileURLToPath(new URL('run.ts', import.meta.url))
const SCENARIOS = ['list', 'search', 'get', 'create', 'update']
/** Without search: one caller alone may not search as much. */
const SCENARIOS_OF_FEW = SCENARIOS.filter((name) => name !== 'search')
const SIZES = ['small', 'medium', 'large'] as const
const CALLERS = [1, 10, 100, 1000]

/** Measures one point; returns the cost of each scenario in microseconds. */
function measure(size: string, callers: number, scenarios: string[]): number[] {
  const name = `growth-${size}-${callers}`
  const options = [
    '--size',
    size,
    '--callers',
    String(callers),
    '--out',
    values.out,
    '--name',
    name
  ]
  const { status } = spawnSync(
    process.execPath,
    [RUN, '--short', '--rounds', '2', '--only', scenarios.join(), ...options],
    { stdio: ['ignore', 'ignore', 'inherit'] }
  )
  if (status !== 0) {
    throw new Error(`the benchmark of ${size} with ${callers} callers ended with ${status}`)
  }
  const report: Report = JSON.parse(readFileSync(join(values.out, `${name}.json`), 'utf8'))
  return scenarios.map(
    (scenario) =>
      report.lines.find((line) => line.scenario === scenario)?.tasklane.cpu ?? Number.NaN
  )
}

function print(
  head: string,
  scenarios: string[],
  points: [label: string, costs: number[]][]
): void {
  const rows = [
    [head, ...points.map(([label]) => label)],
    ['---', ...points.map(() => '--:')],
    ...scenarios.map((scenario, i) => [
      scenario,
      ...points.map(([, costs]) => (costs[i] as number).toFixed(0))
    ])
  ]
  console.log(`${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`)
}

const count = (n: number): string => n.toLocaleString('en')
const bySize = SIZES.map((name) => {
  const size = SIZES_OF_DATA[name]
  return [countTasks(size), measure(name, size.owners, SCENARIOS)] as const
})
const byCallers = CALLERS.map(
  (callers) => [callers, measure('medium', callers, SCENARIOS_OF_FEW)] as const
)
const lines = SCENARIOS.map(
  (name, i): Line => ({ name, points: bySize.map(([tasks, costs]) => [tasks, costs[i] as number]) })
)
print(
  'CPU, µs, by tasks',
  SCENARIOS,
  bySize.map(([tasks, costs]) => [count(tasks), costs])
)
print(
  'CPU, µs, by callers',
  SCENARIOS_OF_FEW,
  byCallers.map(([callers, costs]) => [count(callers), costs])
)
const file = join(values.out, 'growth.svg')
writeFileSync(file, plotLines('CPU time per request, µs, by number of tasks', lines))
console.log(`Also drawn in ${file}.`)

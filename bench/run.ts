/**
 * npm run bench: Tasklane and a bare baseline side by side on the same million tasks, in alternating rounds of one run.
 * Read the ratios: the figures themselves belong to the machine, which also carries the load and the database.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '../test/support/postgres-server.ts'
import { pgbench, startCluster } from './cluster.ts'
import { ensureData, fillEmbedded, LARGE, SMALL, tidy } from './data.ts'
import { drive, packageVersion, type Round, type Server, START, startServer } from './measure.ts'
import { lineOf, plotOf, type Report, regressions, tableOf } from './report.ts'
import { prepareScenarios, type Scenario } from './scenarios.ts'

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    embedded: { type: 'boolean', default: false },
    metrics: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string' },
    processes: { type: 'string', default: '1' },
    compare: { type: 'string' },
    out: { type: 'string', default: 'bench/results' },
    name: { type: 'string', default: 'latest' }
  }
})
const rounds = Number(values.rounds ?? (values.short ? 3 : 5))
const seconds = Number(values.seconds ?? (values.short ? 2 : 8))
/** Before each scenario, and before the first: until the compiler has seen what is hot, a request takes twice the CPU. */
const WARM_SECONDS = values.short ? 2 : 5
const FIRST_WARM_SECONDS = values.short ? 4 : 20
/** In a short run a ratio may be noisy; less than this share of the accepted one is no noise. */
const GROSS_LOSS = 0.5
/** Both servers get them, so that what they gain is not taken for ours. */
const V8_FLAGS = START.filter((word) => word.startsWith('--'))
const say = (line: string) => {
  process.stderr.write(`${line}\n`)
}

const box = mkdtempSync(join(tmpdir(), 'tasklane-bench-run-'))
const cluster = values.embedded ? undefined : await startCluster()
const servers: Server[] = []
try {
  const report = await run()
  save(report)
  process.exitCode = judge(report)
} finally {
  for (const server of servers) {
    await server.stop()
  }
  await cluster?.stop()
  rmSync(box, { recursive: true })
}

async function run(): Promise<Report> {
  const size = values.short || values.embedded ? SMALL : LARGE
  const url = cluster?.urlOf(await ensureData(cluster.urlOf, size, say))
  await (url === undefined ? fillEmbedded(box) : tidy(url))
  const tasklane = await start('tasklane', url)
  // Nothing bare can be put beside the embedded database, which belongs to one process.
  const bare = url === undefined ? undefined : await start('baseline', url)
  const wanted = values.only?.split(',')
  const scenarios = (await prepareScenarios(tasklane, size.big > 0)).filter(
    ({ name }) => wanted === undefined || wanted.includes(name)
  )
  const lines = []
  const [first] = scenarios
  if (first?.bare && bare) {
    const load = { connections: first.connections, seconds: FIRST_WARM_SECONDS }
    await Promise.all([
      drive(tasklane, undefined, { requests: first.api, ...load }),
      drive(bare, undefined, { requests: first.bare, ...load })
    ])
  }
  for (const scenario of scenarios) {
    lines.push(await sideBySide(scenario, tasklane, bare, url))
  }
  return {
    takenAt: new Date().toISOString(),
    node: process.version,
    fastify: packageVersion('fastify'),
    cores: availableParallelism(),
    database: `${size.name}${values.embedded ? ', embedded' : ''}`,
    rounds,
    seconds,
    processes: Number(values.processes),
    lines
  }
}

async function sideBySide(
  { name, connections, api, bare: ask, onResponse, sql, refresh }: Scenario,
  tasklane: Server,
  bare: Server | undefined,
  url: string | undefined
) {
  const ours: Round[] = []
  const theirs: Round[] = []
  for (let round = -1; round < rounds; round++) {
    const load = { connections, onResponse, seconds: round < 0 ? WARM_SECONDS : seconds }
    await refresh?.()
    const own = await drive(tasklane, cluster?.pid, { requests: api, ...load })
    await refresh?.()
    const other = ask && bare && (await drive(bare, cluster?.pid, { requests: ask, ...load }))
    if (own.errors + (other?.errors ?? 0) > 0) {
      throw new Error(`${name}: ${own.errors} and ${other?.errors ?? 0} requests failed`)
    }
    if (round >= 0) {
      ours.push(own)
      if (other) {
        theirs.push(other)
      }
    }
  }
  const line = lineOf(
    name,
    ours,
    theirs,
    sql === undefined || url === undefined
      ? undefined
      : await pgbench(url, sql, connections, Math.max(2, seconds))
  )
  say(
    `${name}: ${line.tasklane.rps.toFixed(0)} req/s${line.ratio === undefined ? '' : `, ${line.ratio.toFixed(2)} of the baseline`}`
  )
  return line
}

async function start(what: 'tasklane' | 'baseline', url: string | undefined): Promise<Server> {
  const port = await freePort()
  const database: Record<string, string> =
    url === undefined ? {} : { NODE_ENV: 'production', DATABASE_URL: url }
  const env =
    what === 'baseline'
      ? database
      : {
          ...database,
          JWT_SECRET: 'made for one run of the benchmark, 32 bytes',
          EMAIL_ENABLED: 'off',
          WEB_CONCURRENCY: values.processes,
          // On, counting, and never in the way.
          ...Object.fromEntries(
            ['AUTH', 'READS', 'CREATES', 'UPDATES', 'DELETES'].map((budget) => [
              `RATE_LIMIT_${budget}`,
              '1000000'
            ])
          ),
          MAX_EVENT_LOOP_DELAY_MS: '0',
          DRAIN_SECONDS: '0',
          DATA_DIR: box,
          ...(values.metrics && { METRICS_PORT: String(await freePort()) })
        }
  const server = await startServer(
    what === 'baseline' ? [...V8_FLAGS, 'bench/baseline.ts'] : START,
    port,
    env,
    what === 'baseline' ? '/none' : '/health/ready',
    join(box, `${what}.log`)
  )
  servers.push(server)
  return server
}

function save(report: Report): void {
  mkdirSync(values.out, { recursive: true })
  const file = join(values.out, values.name)
  writeFileSync(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(`${file}.svg`, plotOf(report))
  console.log(
    `${tableOf(report)}\n\nNode ${report.node}, Fastify ${report.fastify}, ${report.cores} cores, ${rounds} rounds of ${seconds} s each; also in ${file}.json and ${file}.svg`
  )
}

/** The exit code: 1 when a ratio is lost against an earlier report. */
function judge(report: Report): number {
  if (values.compare === undefined) {
    return 0
  }
  const before: Report = JSON.parse(readFileSync(values.compare, 'utf8'))
  const lost = values.short
    ? report.lines.flatMap(({ scenario, ratio }) => {
        const old = before.lines.find((line) => line.scenario === scenario)?.ratio
        return ratio !== undefined && old !== undefined && ratio < old * GROSS_LOSS
          ? [`${scenario}: ${old.toFixed(2)} → ${ratio.toFixed(2)} of the baseline`]
          : []
      })
    : regressions(report, before)
  for (const line of lost) {
    console.log(`LOST  ${line}`)
  }
  if (lost.length === 0) {
    console.log(`No ratio is lost against ${values.compare}.`)
  }
  return lost.length > 0 ? 1 : 0
}

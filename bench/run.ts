/**
 * npm run bench: Tasklane and a baseline side by side on the same million tasks, in alternating rounds of one run. Read
 * the ratios: absolute figures depend on the machine, which also runs the load and the database.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '../test/support/postgres-server.ts'
import { asServingRole, pgbench, startCluster } from './cluster.ts'
import { ensureDatabase, fillEmbedded, LARGE, reset, SMALL } from './data.ts'
import { packageVersion, type Round, runLoad, type Server, START, startServer } from './measure.ts'
import {
  findGrossRegressions,
  findRegressions,
  formatTable,
  plot,
  type Report,
  type ScenarioReport,
  summarize
} from './report.ts'
import { prepareScenarios, type RequestFactory, type Scenario } from './scenarios.ts'

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
/** Before each scenario, and before the first: until V8 has optimized the hot code, a request takes twice the CPU. */
const WARM_UP_SECONDS = values.short ? 2 : 5
const FIRST_WARM_UP_SECONDS = values.short ? 4 : 20
const MIN_PGBENCH_SECONDS = 2
/** The ratios of a short run are noisy: only one below this share of the accepted ratio is a regression. */
const GROSS_LOSS = 0.5
/** Both servers get the same flags, so that their gain is not taken for ours. */
const V8_FLAGS = START.filter((word) => word.startsWith('--') && word !== '--require')
const BUDGETS = ['AUTH', 'READS', 'CREATES', 'UPDATES', 'DELETES']
const log = (line: string) => {
  process.stderr.write(`${line}\n`)
}

interface Servers {
  tasklane: Server
  /** Absent for the embedded database, which belongs to one process. */
  baseline: Server | undefined
}

const workDir = mkdtempSync(join(tmpdir(), 'tasklane-bench-run-'))
const cluster = values.embedded ? undefined : await startCluster()
const started: Server[] = []
try {
  const report = await run()
  save(report)
  process.exitCode = compareWithAccepted(report)
} finally {
  for (const server of started) {
    await server.stop()
  }
  await cluster?.stop()
  rmSync(workDir, { recursive: true })
}

async function run(): Promise<Report> {
  const size = values.short || values.embedded ? SMALL : LARGE
  const url = cluster?.urlOf(await ensureDatabase(cluster.urlOf, size, log))
  await (url === undefined ? fillEmbedded(workDir) : reset(url))
  const servers: Servers = {
    tasklane: await startTasklane(url),
    baseline: url === undefined ? undefined : await startBaseline(url)
  }
  const names = values.only?.split(',')
  const scenarios = (await prepareScenarios(servers.tasklane, size.bigOwnerTasks > 0)).filter(
    ({ name }) => names === undefined || names.includes(name)
  )
  await warmUp(scenarios[0], servers)
  const lines: ScenarioReport[] = []
  for (const scenario of scenarios) {
    lines.push(await measure(scenario, servers, url))
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

/** Loads both servers at once, unmeasured. */
async function warmUp(
  scenario: Scenario | undefined,
  { tasklane, baseline }: Servers
): Promise<void> {
  if (!scenario?.baseline || !baseline) {
    return
  }
  const load = { connections: scenario.connections, seconds: FIRST_WARM_UP_SECONDS }
  await Promise.all([
    runLoad(tasklane, undefined, { requests: scenario.tasklane, ...load }),
    runLoad(baseline, undefined, { requests: scenario.baseline, ...load })
  ])
}

/** Measures a scenario in alternating rounds; the first is a warm-up. */
async function measure(
  scenario: Scenario,
  servers: Servers,
  url: string | undefined
): Promise<ScenarioReport> {
  const tasklane: Round[] = []
  const baseline: Round[] = []
  await measureRound(scenario, servers, WARM_UP_SECONDS)
  for (let round = 0; round < rounds; round++) {
    const measured = await measureRound(scenario, servers, seconds)
    tasklane.push(measured.tasklane)
    if (measured.baseline) {
      baseline.push(measured.baseline)
    }
  }
  const { name, pgbench: script, connections } = scenario
  const database =
    script === undefined || url === undefined
      ? undefined
      : await pgbench(url, script, connections, Math.max(MIN_PGBENCH_SECONDS, seconds))
  const line = summarize(name, tasklane, baseline, database)
  const ratio = line.ratio === undefined ? '' : `, ${line.ratio.toFixed(2)} of the baseline`
  log(`${name}: ${line.tasklane.rps.toFixed(0)} req/s${ratio}`)
  return line
}

async function measureRound(
  scenario: Scenario,
  servers: Servers,
  duration: number
): Promise<{ tasklane: Round; baseline: Round | undefined }> {
  const { name, connections, onResponse, refresh } = scenario
  const runOn = async (server: Server, requests: RequestFactory) => {
    await refresh?.()
    const load = { requests, connections, onResponse, seconds: duration }
    const round = await runLoad(server, cluster?.pid, load)
    if (round.errors > 0) {
      throw new Error(`${name}: ${round.errors} requests to ${server.origin} failed`)
    }
    return round
  }
  return {
    tasklane: await runOn(servers.tasklane, scenario.tasklane),
    baseline:
      scenario.baseline && servers.baseline
        ? await runOn(servers.baseline, scenario.baseline)
        : undefined
  }
}

/** Starts Tasklane as in production, with rate limits that count but are never reached. */
async function startTasklane(url: string | undefined): Promise<Server> {
  const port = await freePort()
  const env = {
    ...(url !== undefined && {
      NODE_ENV: 'production',
      REGISTRATION: 'open',
      DATABASE_URL: asServingRole(url),
      DATABASE_MIGRATION_URL: url
    }),
    ...(values.metrics && { METRICS_PORT: String(await freePort()) }),
    ...Object.fromEntries(BUDGETS.map((budget) => [`RATE_LIMIT_${budget}`, '1000000'])),
    JWT_SECRET: 'a secret for one benchmark, 32 bytes',
    EMAIL_ENABLED: 'off',
    WEB_CONCURRENCY: values.processes,
    MAX_EVENT_LOOP_DELAY_MS: '0',
    DRAIN_SECONDS: '0',
    DATA_DIR: workDir
  }
  const logFile = join(workDir, 'tasklane.log')
  const server = await startServer(START, port, env, '/health/ready', logFile)
  started.push(server)
  return server
}

async function startBaseline(url: string): Promise<Server> {
  const command = [...V8_FLAGS, 'bench/baseline.ts']
  const env = { NODE_ENV: 'production', DATABASE_URL: url }
  const logFile = join(workDir, 'baseline.log')
  const server = await startServer(command, await freePort(), env, '/none', logFile)
  started.push(server)
  return server
}

/** Prints the report, and writes it as JSON and SVG. */
function save(report: Report): void {
  mkdirSync(values.out, { recursive: true })
  const file = join(values.out, values.name)
  writeFileSync(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(`${file}.svg`, plot(report))
  const versions = `Node ${report.node}, Fastify ${report.fastify}, ${report.cores} cores`
  console.log(`${formatTable(report)}\n`)
  console.log(
    `${versions}, ${rounds} rounds of ${seconds} s each; also in ${file}.json and ${file}.svg`
  )
}

/** Compares with the report of `--compare`; returns the exit code, 1 after a regression. */
function compareWithAccepted(report: Report): number {
  if (values.compare === undefined) {
    return 0
  }
  const accepted: Report = JSON.parse(readFileSync(values.compare, 'utf8'))
  const regressions = values.short
    ? findGrossRegressions(report, accepted, GROSS_LOSS)
    : findRegressions(report, accepted)
  for (const regression of regressions) {
    console.log(`REGRESSION  ${regression}`)
  }
  if (regressions.length === 0) {
    console.log(`No regression against ${values.compare}.`)
  }
  return regressions.length > 0 ? 1 : 0
}

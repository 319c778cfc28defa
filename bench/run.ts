/**
 * npm run bench: Tasklane and a baseline side by side on the same million tasks, in alternating rounds of one run, with
 * requests of a thousand callers. Read the ratios of CPU time per request, of server and database together: other
 * figures depend on the machine, which also runs the load.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '../test/support/postgres-server.ts'
import { asServingRole, startCluster } from './cluster.ts'
import { fillEmbedded, prepareDatabase, readSizes, SIZES_OF_DATA, type SizeName } from './data.ts'
import { JWT_SECRET } from './fixtures.ts'
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
    size: { type: 'string' },
    callers: { type: 'string' },
    processes: { type: 'string', default: '1' },
    compare: { type: 'string' },
    out: { type: 'string', default: 'bench/results' },
    name: { type: 'string', default: 'latest' }
  }
})
const rounds = Number(values.rounds ?? 5)
const seconds = Number(values.seconds ?? (values.short ? 2 : 8))
/** Before each scenario, and before the first: until V8 has optimized the hot code, a request takes twice the CPU. */
const WARM_UP_SECONDS = values.short ? 2 : 5
const FIRST_WARM_UP_SECONDS = values.short ? 4 : 20
/** The ratios of a short run are noisy: only one above so many times the accepted one is a regression. */
const GROSS_LOSS = 2
const sizeName = readSize(values.size)
const size = SIZES_OF_DATA[sizeName]
/** Owners that send the load, each with a token. */
const callers = Number(values.callers ?? size.owners)
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

function readSize(name: string = defaultSize()): SizeName {
  if (!Object.hasOwn(SIZES_OF_DATA, name)) {
    console.error(`--size must be one of ${Object.keys(SIZES_OF_DATA).join(', ')}.`)
    process.exit(2)
  }
  return name as SizeName
}

function defaultSize(): SizeName {
  if (values.embedded) {
    return 'embedded'
  }
  return values.short ? 'medium' : 'large'
}

async function run(): Promise<Report> {
  const url = cluster?.urlOf(await prepareDatabase(cluster.urlOf, size, log))
  if (url === undefined) {
    await fillEmbedded(workDir)
  }
  const servers: Servers = {
    tasklane: await startTasklane(url),
    baseline: url === undefined ? undefined : await startBaseline(url)
  }
  const names = values.only?.split(',')
  const scenarios = (await prepareScenarios(servers.tasklane, size, callers)).filter(
    ({ name }) => names === undefined || names.includes(name)
  )
  const megabytes = url === undefined ? undefined : await readSizes(url)
  await warmUp(scenarios[0], servers)
  const lines: ScenarioReport[] = []
  for (const scenario of scenarios) {
    lines.push(await measure(scenario, servers))
  }
  return {
    takenAt: new Date().toISOString(),
    node: process.version,
    fastify: packageVersion('fastify'),
    cores: availableParallelism(),
    database: size.name,
    rounds,
    seconds,
    processes: Number(values.processes),
    callers,
    megabytes,
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
async function measure(scenario: Scenario, servers: Servers): Promise<ScenarioReport> {
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
  const line = summarize(scenario.name, tasklane, baseline)
  const ratio = line.cpuRatio === undefined ? '' : `, ${line.cpuRatio.toFixed(2)} of the baseline's`
  log(`${scenario.name}: ${line.tasklane.cpu.toFixed(0)} µs of CPU${ratio}`)
  return line
}

async function measureRound(
  scenario: Scenario,
  servers: Servers,
  duration: number
): Promise<{ tasklane: Round; baseline: Round | undefined }> {
  const { name, connections } = scenario
  const runOn = async (server: Server, requests: RequestFactory) => {
    const load = { requests, connections, seconds: duration }
    return await runLoad(server, cluster?.pid, load).catch((cause) => {
      throw new Error(`The scenario ${name} failed.`, { cause })
    })
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
    JWT_SECRET,
    EMAIL_ENABLED: 'off',
    WEB_CONCURRENCY: values.processes,
    ACCESS_TOKEN_TTL: '86400',
    RATE_LIMIT_DATABASE_MS: '1000000',
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
  if (report.megabytes) {
    const { tasklane, baseline } = report.megabytes
    const times = (tasklane / baseline).toFixed(2)
    console.log(
      `On disk: ${tasklane.toFixed(0)} MB, ${times} times the ${baseline.toFixed(0)} MB of the baseline\n`
    )
  }
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

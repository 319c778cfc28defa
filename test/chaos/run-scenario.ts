import { setTimeout as pause } from 'node:timers/promises'
import { Client } from './client.ts'
import type { Environment } from './environment.ts'
import { Ledger, type Violation } from './ledger.ts'
import { measureRecovery, signUp } from './probes.ts'
import type { Scenario, ScenarioContext, ScenarioResult } from './scenario.ts'
import { SimulatedUser } from './simulated-user.ts'
import { checkLists, findHistories, findTasks } from './stored-state.ts'

/** The guarantee to callers whatever happens behind the API. */
const MAX_MS = 5000
/** Added to time limits in the short form, which may share its machine. Reports show what was measured. */
const MARGIN_MS = 2000
const USERS = 6
const DELAY_MS = { least: 100, more: 500 }
/** The guarantee that a scenario breaks when it throws. */
export const COMPLETED = 'the scenario completes'

export interface RunOptions {
  rounds: number
  isLong: boolean
  random: () => number
  /** Whether to stop after the current round. */
  isOver: () => boolean
}

interface AuditedClient {
  client: Client
  owner: string
}

/** Runs a scenario and audits the ledger. Stops early after the round in which `isOver` becomes true. */
export async function runScenario(
  scenario: Scenario,
  environment: Environment,
  options: RunOptions
): Promise<ScenarioResult> {
  const startedAt = performance.now()
  const audited: AuditedClient[] = []
  const context = await createContext(scenario, environment, options, audited)
  const { ledger, users } = context
  for (let number = 0; number < (scenario.users ?? USERS); number++) {
    users.push(new SimulatedUser(await context.signUpClient(), ledger, options.random))
  }
  await scenario.prepare?.(context)
  for (const user of users) {
    user.start()
  }
  const exitsBefore = exitsOf(environment).length
  const rounds = await runRounds(scenario, context, options)
  await Promise.all(users.map((user) => user.stop()))
  await scenario.finish?.(context)
  const exits = exitsOf(environment).slice(exitsBefore)
  if (!scenario.killsProcesses && exits.length > 0) {
    ledger.violation('no process ends by itself', exits.join(', '))
  }
  await audit(scenario, context, audited)
  const violations = scenario.expectsLoss
    ? violationsOfControl(ledger)
    : Object.fromEntries(ledger.violations)
  return {
    scenario: scenario.name,
    fault: scenario.fault,
    rounds,
    planned: options.rounds,
    ...summaryOf(ledger),
    violations,
    passed: Object.keys(violations).length === 0,
    seconds: Math.round((performance.now() - startedAt) / 1000)
  }
}

async function createContext(
  scenario: Scenario,
  environment: Environment,
  { isLong, random }: RunOptions,
  audited: AuditedClient[]
): Promise<ScenarioContext> {
  const ledger = new Ledger({
    connectionErrors: false,
    unavailable: true,
    timeouts: false,
    maxMs: MAX_MS,
    marginMs: isLong ? 0 : MARGIN_MS,
    ...scenario.allows
  })
  const { apis, balancer } = environment
  const signUpHere = () => signUp(apis[0]?.port as number)
  const connect = (token: string, port = balancer.port) =>
    new Client(port, token, ledger.recordResponse, scenario.timeoutMs)
  const prober = await signUpHere()
  return {
    ...environment,
    ledger,
    isLong,
    random,
    users: [],
    randomDelay: () => pause(DELAY_MS.least + random() * DELAY_MS.more),
    signUpAccount: async () => {
      const { id, token } = await signUpHere()
      return { id, token, client: (port) => connect(token, port) }
    },
    signUpClient: async () => {
      const { id, token } = await signUpHere()
      const client = connect(token)
      audited.push({ client, owner: id })
      return client
    },
    waitForRecovery: async (limitMs, probed = apis) => {
      const times = await Promise.all(probed.map(({ port }) => measureRecovery(port, prober.token)))
      ledger.recordRecovery(Math.max(...times), limitMs)
    }
  }
}

/** Runs at least one round and returns how many were completed. */
async function runRounds(
  scenario: Scenario,
  context: ScenarioContext,
  { rounds, isOver }: RunOptions
): Promise<number> {
  let round = 0
  try {
    while (round < rounds && (round === 0 || !isOver())) {
      await scenario.round(context)
      round++
    }
  } catch (error) {
    context.ledger.violation(COMPLETED, (error as Error).stack)
  }
  return round
}

/** How the processes of an environment have ended so far, one entry per exit. */
function exitsOf({ apis, worker }: Environment): string[] {
  return [...apis.map(({ service }) => service), worker].flatMap(({ name, exits }) =>
    exits.map((exit) => `${name}: ${exit}`)
  )
}

/** Checks the database and the lists against the responses of the clients. */
async function audit(
  scenario: Scenario,
  context: ScenarioContext,
  audited: AuditedClient[]
): Promise<void> {
  const { ledger } = context
  const owners = audited.map(({ owner }) => owner)
  const clients = audited.map(({ client }) => client)
  ledger.audit(await findTasks(context, owners), await findHistories(context, owners))
  if (!scenario.expectsLoss) {
    for (const [guarantee, example] of await checkLists(clients, ledger.liveTaskIds())) {
      ledger.violation(guarantee, example)
    }
  }
  for (const client of clients) {
    client.close()
  }
}

/** A control fails when it lost nothing or did not complete; what it lost is expected. */
function violationsOfControl({ violations, lost }: Ledger): Record<string, Violation> {
  const incomplete = violations.get(COMPLETED)
  return {
    ...(incomplete && { [COMPLETED]: incomplete }),
    ...(lost === 0 && { 'a loss is detected': { count: 1, examples: [] } })
  }
}

function summaryOf(ledger: Ledger) {
  return {
    requests: ledger.calls,
    outcomes: Object.fromEntries([...ledger.outcomes].sort()),
    max_latency_ms: Math.round(ledger.maxLatencyMs),
    recovery_ms: Math.round(ledger.recoveryMs),
    shutdown_ms: Math.round(ledger.shutdownMs),
    lost: ledger.lost,
    duplicates: ledger.duplicates
  }
}

import type { Client } from './client.ts'
import type { ApiInstance, Environment, EnvironmentPlan } from './environment.ts'
import type { Allowance, Ledger, Violation } from './ledger.ts'
import type { SimulatedUser } from './simulated-user.ts'

/**
 * One kind of fault, injected and removed once in each round while simulated users send requests. Their responses are
 * recorded and audited; a scenario reports what it sees beyond them to `context.ledger.violation`.
 */
export interface Scenario {
  /** The name for `--only`. */
  name: string
  /** The description for the report. */
  fault: string
  rounds: { short: number; long: number }
  /** Why it cannot run on this machine, or false. */
  skip?: string | false
  /** How the environment differs from the default; scenarios with the same plan share one. */
  plan?: Partial<EnvironmentPlan>
  /** What callers may notice. By default a 503 is allowed, but no connection error, no timeout and no slow response. */
  allows?: Partial<Allowance>
  /** The fault ends processes of ours; otherwise none may end. */
  killsProcesses?: true
  /** A control: an audit that finds no lost write here would prove nothing elsewhere. */
  expectsLoss?: true
  /** The number of simulated users, if not the default. */
  users?: number
  /** The timeout of callers, if shorter than the default. */
  timeoutMs?: number
  /** Runs before the first round, while no user is active. */
  prepare?: (context: ScenarioContext) => Promise<void>
  round(context: ScenarioContext): Promise<void>
  /** Runs when all users have stopped, before the audit. */
  finish?: (context: ScenarioContext) => Promise<void>
}

export interface Account {
  id: string
  token: string
  client(port?: number): Client
}

/** What a scenario works with. */
export interface ScenarioContext extends Environment {
  ledger: Ledger
  isLong: boolean
  /** A number from 0 to 1; the same sequence for the same seed. */
  random: () => number
  users: SimulatedUser[]
  /** Waits for a short random time, so that faults come at random moments. */
  randomDelay(): Promise<void>
  /** Signs up a user whose responses and tasks are recorded and audited. */
  signUpClient(): Promise<Client>
  /** Signs up an account that several clients may share; the caller audits its tasks. */
  signUpAccount(): Promise<Account>
  /** Waits until these instances serve every probe again, and checks the time against its limit. */
  waitForRecovery(limitMs: number, apis?: ApiInstance[]): Promise<void>
}

/** The result of one scenario, as in the report. */
export interface ScenarioResult {
  scenario: string
  fault: string
  rounds: number
  planned: number
  requests: number
  outcomes: Record<string, number>
  max_latency_ms: number
  recovery_ms: number
  shutdown_ms: number
  lost: number
  duplicates: number
  violations: Record<string, Violation>
  passed: boolean
  seconds: number
}

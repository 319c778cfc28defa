/**
 * npm run chaos: injects faults while simulated users work, and audits every guarantee afterwards. Options: --long (the
 * same with many more rounds), --minutes=N (stops in order after N minutes), --only=NAME,NAME, --rounds=N, --seed=N,
 * --out=FOLDER (for chaos.json and chaos.md), --list.
 */
import { cpSync, mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { withoutPostgres } from '../support/postgres-server.ts'
import { withoutOwnRedis } from '../support/redis-server.ts'
import { completePlan, type Environment, startEnvironment } from './environment.ts'
import { formatResult, saveReport } from './report.ts'
import { COMPLETED, runScenario } from './run-scenario.ts'
import type { Scenario, ScenarioResult } from './scenario.ts'
import { crash } from './scenarios/crash.ts'
import { deploy } from './scenarios/deploy.ts'
import { imports } from './scenarios/imports.ts'
import { linearizability } from './scenarios/linearizability.ts'
import { network } from './scenarios/network.ts'
import { postgres } from './scenarios/postgres.ts'
import { redis } from './scenarios/redis.ts'
import { resources } from './scenarios/resources.ts'
import { soak } from './scenarios/soak.ts'
import { volumes } from './scenarios/volumes.ts'

const SCENARIOS: Scenario[] = [
  ...crash,
  ...postgres,
  ...network,
  ...redis,
  ...linearizability,
  ...deploy,
  ...imports,
  ...resources,
  ...volumes,
  ...soak
]

const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string' },
    seed: { type: 'string' },
    out: { type: 'string', default: 'test/chaos/results' },
    list: { type: 'boolean', default: false }
  }
})
const names = values.only?.split(',')
const selected = SCENARIOS.filter(({ name }) => names === undefined || names.includes(name))
const runnable = selected.filter(({ skip }) => !skip)
const unknown = names?.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name)) ?? []
if (values.list || unknown.length > 0) {
  for (const { name, fault } of SCENARIOS) {
    console.log(`${name}: ${fault}`)
  }
  if (unknown.length > 0) {
    console.error(`Unknown scenario: ${unknown.join(', ')}.`)
  }
  process.exit(unknown.length > 0 ? 2 : 0)
}
for (const missing of [withoutPostgres, withoutOwnRedis]) {
  if (missing) {
    console.error(missing)
    process.exit(2)
  }
}

const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const startedAt = performance.now()
const endsAt = startedAt + Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000
console.log(`seed ${seed}`)

let state = seed
/** The same sequence for the same seed (a linear congruential generator, Numerical Recipes). */
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

let current: { plan: string; environment: Environment } | undefined
const shutDown = async (code: number) => {
  await current?.environment.close()
  process.exit(code)
}
process.once('SIGINT', () => shutDown(130))
process.once('SIGTERM', () => shutDown(143))

for (const { name, skip } of selected) {
  if (skip) {
    console.log(`skipped ${name}: ${skip}`)
  }
}
const results: ScenarioResult[] = []
try {
  // Scenarios that share an environment run one after the other.
  const ordered = runnable.toSorted((a, b) => planKey(a).localeCompare(planKey(b)))
  for (const [i, scenario] of ordered.entries()) {
    results.push(await runInEnvironment(scenario, ordered.length - i))
    // Saved after each scenario: a long run may be stopped.
    saveReport(values.out, {
      created_at: new Date().toISOString(),
      seed,
      node: process.version,
      cores: availableParallelism(),
      minutes: Math.round((performance.now() - startedAt) / 6000) / 10,
      results
    })
  }
} finally {
  await current?.environment.close()
  current = undefined
}
const failed = results.filter(({ passed }) => !passed).map(({ scenario }) => scenario)
console.log(
  failed.length === 0
    ? 'All scenarios passed.'
    : `Failed: ${failed.join(', ')}. Repeat with --seed=${seed}.`
)
process.exit(failed.length === 0 ? 0 : 1)

function planKey({ plan }: Scenario): string {
  return JSON.stringify(completePlan(plan))
}

/** Returns the environment of a scenario's plan; starts it unless the scenario before has used the same one. */
async function environmentFor(scenario: Scenario): Promise<Environment> {
  if (current?.plan !== planKey(scenario)) {
    await current?.environment.close()
    current = {
      plan: planKey(scenario),
      environment: await startEnvironment(completePlan(scenario.plan))
    }
  }
  return current.environment
}

/** Runs and prints one scenario. `remaining` counts the scenarios still to run, itself included. */
async function runInEnvironment(scenario: Scenario, remaining: number): Promise<ScenarioResult> {
  const environment = await environmentFor(scenario)
  // Scenarios share the remaining time equally; what one does not use is left to the others.
  const until = performance.now() + (endsAt - performance.now()) / remaining
  const result = await runScenario(scenario, environment, {
    rounds: Number(values.rounds ?? scenario.rounds[values.long ? 'long' : 'short']),
    isLong: values.long,
    random,
    isOver: () => performance.now() > until
  })
  console.log(formatResult(result))
  reportLogs(scenario, environment, result)
  // A scenario that did not complete leaves the environment in an unknown state.
  if (COMPLETED in result.violations) {
    await environment.close()
    current = undefined
  }
  return result
}

/** Prints the first logged error, and copies the logs of a failed scenario to the output folder. */
function reportLogs({ name }: Scenario, { apis, worker }: Environment, result: ScenarioResult) {
  const services = [...apis.map(({ service }) => service), worker]
  const errors = services.flatMap((service) => service.takeErrors())
  if (errors.length > 0) {
    console.log(`       ${errors.length} errors in the logs, first: ${errors[0]?.slice(0, 600)}`)
  }
  if (!result.passed) {
    const folder = join(values.out, name)
    mkdirSync(folder, { recursive: true })
    for (const service of services) {
      cpSync(service.log, join(folder, `${service.name}.log`))
    }
  }
}

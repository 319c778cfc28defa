/**
 * npm run chaos: machines die while people work, and everything that was promised is audited afterwards. Options: --long
 * (the same with many more rounds), --minutes=N (stops in order after so long), --only=NAME,NAME, --rounds=N, --seed=N,
 * --out=FOLDER (for chaos.json and chaos.md), --list.
 */
import { cpSync, mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { withoutPostgres } from '../support/postgres-server.ts'
import { withoutOwnRedis } from '../support/redis-server.ts'
import { type Installation, install } from './environment.ts'
import { save, tellLine } from './report.ts'
import { type Line, PLAYED, play, type Scenario, usual } from './scenario.ts'
import { crash } from './scenarios/crash.ts'
import { deploy } from './scenarios/deploy.ts'
import { histories } from './scenarios/history.ts'
import { imports } from './scenarios/imports.ts'
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
  ...histories,
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
const wanted = values.only?.split(',')
const named = SCENARIOS.filter(({ name }) => wanted === undefined || wanted.includes(name))
const scenarios = named.filter(({ skip }) => !skip)
const unknown =
  wanted?.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name)) ?? []
if (values.list || unknown.length > 0) {
  for (const { name, fault } of SCENARIOS) {
    console.log(`${name}: ${fault}`)
  }
  if (unknown.length > 0) {
    console.error(`There is no scenario ${unknown.join(', ')}.`)
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
/** The same again for the same seed (a linear congruential generator, Numerical Recipes). */
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

let home: { plan: string; open: Installation } | undefined
const leave = async (code: number) => {
  await home?.open.close()
  process.exit(code)
}
process.once('SIGINT', () => leave(130))
process.once('SIGTERM', () => leave(143))

for (const { name, skip } of named) {
  if (skip) {
    console.log(`skipped ${name}: ${skip}`)
  }
}
const lines: Line[] = []
try {
  // Those that share an installation come one after the other.
  for (const [at, scenario] of scenarios
    .toSorted((a, b) => planOf(a).localeCompare(planOf(b)))
    .entries()) {
    lines.push(await run(scenario, scenarios.length - at))
    // Each time, for whoever stops a long run.
    save(values.out, {
      taken_at: new Date().toISOString(),
      seed,
      node: process.version,
      cores: availableParallelism(),
      minutes: Math.round((performance.now() - startedAt) / 6000) / 10,
      lines
    })
  }
} finally {
  await home?.open.close()
  home = undefined
}
const broken = lines.filter((line) => !line.isKept)
console.log(
  broken.length === 0
    ? 'Everything that was promised was kept.'
    : `Broken: ${broken.map(({ scenario }) => scenario).join(', ')}. Again with --seed=${seed}.`
)
process.exit(broken.length === 0 ? 0 : 1)

function planOf({ plan }: Scenario): string {
  return JSON.stringify(usual(plan))
}

async function run(scenario: Scenario, left: number): Promise<Line> {
  if (home?.plan !== planOf(scenario)) {
    await home?.open.close()
    home = { plan: planOf(scenario), open: await install(usual(scenario.plan)) }
  }
  // What is left of the time is shared by those that are left; what one does not need is the others'.
  const until = performance.now() + (endsAt - performance.now()) / left
  const { open } = home
  const rounds = Number(values.rounds ?? scenario.rounds[values.long ? 'long' : 'short'])
  const line = await play(scenario, open, {
    rounds,
    isLong: values.long,
    random,
    isOver: () => performance.now() > until
  })
  console.log(tellLine(line))
  const complaints = [...open.apis.map(({ service }) => service), open.worker].flatMap((service) =>
    service.complaints()
  )
  if (complaints.length > 0) {
    console.log(`       in the logs ${complaints.length} ×, first: ${complaints[0]?.slice(0, 600)}`)
  }
  if (!line.isKept) {
    const kept = join(values.out, scenario.name)
    mkdirSync(kept, { recursive: true })
    for (const { log, name } of [...open.apis.map(({ service }) => service), open.worker]) {
      cpSync(log, join(kept, `${name}.log`))
    }
  }
  // Nobody knows in what state the others would find it.
  if (PLAYED in line.broken) {
    await open.close()
    home = undefined
  }
  return line
}

import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from './client.ts'
import { historiesIn, tasksIn, walkLists } from './contents.ts'
import { type Api, type Installation, type Plan, USUAL } from './environment.ts'
import { type Allowance, Ledger } from './ledger.ts'
import { Person } from './simulated-user.ts'

/**
 * One kind of fault, made and mended once in each round while people are at work. Whatever it breaks is told to
 * `world.ledger.wrong`; what callers were told is recorded and audited without its doing.
 */
export interface Scenario {
  /** For --only. */
  name: string
  /** For the table. */
  fault: string
  rounds: { short: number; long: number }
  /** Why it cannot be played on this machine, or false. */
  skip?: string | false
  /** How the installation differs from the usual one; scenarios with the same plan share one. */
  plan?: Partial<Plan>
  /** Without it: no connection breaks, every call is answered, a 503 is an answer, and no call takes longer than `LONGEST_MS`. */
  allows?: Partial<Allowance>
  /** Processes of ours die: otherwise none may. */
  kills?: true
  /** A control: what is lost must be seen, or nothing else that is said here counts. */
  mustLose?: true
  /** People who work meanwhile, if not as many as usual. */
  people?: number
  /** How long callers wait for an answer, if not longer than any promise. */
  patienceMs?: number
  /** What must be there before the first round, made while nobody works. */
  prepare?: (world: World) => Promise<void>
  round(world: World): Promise<void>
  /** What must be true at the end, when everybody has gone home and before the books are audited. */
  finish?: (world: World) => Promise<void>
}

export interface Account {
  id: string
  token: string
  client(port?: number): Client
}

export interface World extends Installation {
  ledger: Ledger
  isLong: boolean
  /** From 0 to 1, the same again for the same seed. */
  random: () => number
  people: Person[]
  /** Lets people work for a while of random length: faults come at random moments. */
  aWhile(): Promise<void>
  /** Somebody new, whose answers are recorded; by way of the balancer unless a port is given. */
  newcomer(port?: number): Promise<Client>
  /** An account that several may share; what becomes of its tasks is for whoever asked to audit. */
  account(): Promise<Account>
  /** Waits until everybody is served again by these instances, and holds the time against the promise. */
  backInService(promiseMs: number, apis?: Api[]): Promise<void>
}

/** What one scenario came to, for the table. */
export interface Line {
  scenario: string
  fault: string
  rounds: number
  planned: number
  requests: number
  outcomes: Record<string, number>
  longest_ms: number
  back_ms: number
  left_ms: number
  lost: number
  duplicates: number
  broken: Record<string, { count: number; examples: string[] }>
  isKept: boolean
  seconds: number
}

/** The promise to callers whatever happens behind the API. */
const LONGEST_MS = 5000
/** The short form runs where the machine may be busy with others: there a promise counts as broken a little later. What is told is what was measured. */
const MARGIN_MS = 2000
const PEOPLE = 6
const WHILE_MS = { least: 100, more: 500 }
/** Probes of one instance at a time: each must be served, or it is not back yet. */
const PROBES = 3
const PROBE_PAUSE_MS = 20
const GIVE_UP_MS = 60_000
/** A server that was killed at the end of a scenario is serving again by then. */
const SIGN_UP_MS = 15_000
const TASKS = '/api/v1/tasks'
/** What a scenario owes us. */
export const PLAYED = 'it is played to its end'

export interface Terms {
  rounds: number
  isLong: boolean
  random: () => number
  isOver: () => boolean
}

/** Plays a scenario on an installation and audits the books. Ends after the round in which `isOver` becomes true. */
export async function play(
  scenario: Scenario,
  home: Installation,
  { rounds, isLong, random, isOver }: Terms
): Promise<Line> {
  const startedAt = performance.now()
  const ledger = new Ledger({
    broken: false,
    refused: true,
    silent: false,
    longestMs: LONGEST_MS,
    marginMs: isLong ? 0 : MARGIN_MS,
    ...scenario.allows
  })
  const clients: { client: Client; id: string }[] = []
  const join = async (port: number): Promise<Client> => {
    const person = await signUp(home.apis[0]?.port as number)
    const client = new Client(port, person.token, ledger.answered, scenario.patienceMs)
    clients.push({ client, id: person.id })
    return client
  }
  const watchman = await signUp(home.apis[0]?.port as number)
  const world: World = {
    ...home,
    ledger,
    isLong,
    random,
    people: [],
    aWhile: () => pause(WHILE_MS.least + random() * WHILE_MS.more),
    account: async () => {
      const { id, token } = await signUp(home.apis[0]?.port as number)
      return {
        id,
        token,
        client: (port = home.balancer.port) =>
          new Client(port, token, ledger.answered, scenario.patienceMs)
      }
    },
    newcomer: (port = home.balancer.port) => join(port),
    backInService: async (promiseMs, apis = home.apis) =>
      ledger.back(
        Math.max(...(await Promise.all(apis.map(({ port }) => untilServed(port, watchman.token))))),
        promiseMs
      )
  }
  for (let number = 0; number < (scenario.people ?? PEOPLE); number++) {
    world.people.push(new Person(await join(home.balancer.port), ledger, random))
  }
  await scenario.prepare?.(world)
  for (const person of world.people) {
    person.start()
  }
  const deaths = () =>
    [...home.apis.map(({ service }) => service), home.worker].flatMap(({ name, ends }) =>
      ends.map((end) => `${name}: ${end}`)
    )
  const died = deaths().length
  let round = 0
  try {
    while (round < rounds && (round === 0 || !isOver())) {
      await scenario.round(world)
      round++
    }
  } catch (error) {
    ledger.wrong(PLAYED, (error as Error).stack)
  }
  await Promise.all(world.people.map((person) => person.stop()))
  await scenario.finish?.(world)
  if (!scenario.kills && deaths().length > died) {
    ledger.wrong('no process ends by itself', deaths().slice(died).join(', '))
  }

  const owners = clients.map(({ id }) => id)
  ledger.audit(await tasksIn(home, owners), await historiesIn(home, owners))
  if (!scenario.mustLose) {
    await walkLists(
      clients.map(({ client }) => client),
      ledger
    )
  }
  for (const { client } of clients) {
    client.close()
  }
  const broken = Object.fromEntries(ledger.broken)
  // What a control loses it is to lose; that it lost nothing, or was not played, is what can be wrong with it.
  const counts = !scenario.mustLose
    ? broken
    : ({
        ...(PLAYED in broken && { [PLAYED]: broken[PLAYED] }),
        ...(ledger.lost === 0 && { 'a loss is seen': { count: 1, examples: [] } })
      } as Line['broken'])
  return {
    scenario: scenario.name,
    fault: scenario.fault,
    rounds: round,
    planned: rounds,
    requests: ledger.calls,
    outcomes: Object.fromEntries([...ledger.outcomes].sort()),
    longest_ms: Math.round(ledger.longestMs),
    back_ms: Math.round(ledger.backMs),
    left_ms: Math.round(ledger.leftMs),
    lost: ledger.lost,
    duplicates: ledger.duplicates,
    broken: counts,
    isKept: Object.keys(counts).length === 0,
    seconds: Math.round((performance.now() - startedAt) / 1000)
  }
}

/** An account of its own, made when what the scenario before has broken is back. */
async function signUp(port: number): Promise<{ token: string; id: string }> {
  for (const giveUpAt = performance.now() + SIGN_UP_MS; ; ) {
    const client = new Client(port)
    const name = `chaos-${randomBytes(6).toString('hex')}`
    const { status, body } = await client.send({
      method: 'POST',
      path: '/api/v1/auth/register',
      body: { username: name, password: randomBytes(12).toString('hex') }
    })
    client.close()
    if (status === 201) {
      return { token: body.access_token, id: body.user.id }
    }
    if ((status !== 0 && status !== 503) || performance.now() > giveUpAt) {
      throw new Error(`could not sign up: ${status} ${JSON.stringify(body)}`)
    }
    await pause(100)
  }
}

/** How long it takes until every one of several writes and lists at once is served, in milliseconds. */
async function untilServed(port: number, token: string): Promise<number> {
  const since = performance.now()
  const probes = Array.from({ length: PROBES }, () => new Client(port, token))
  try {
    for (;;) {
      const answers = await Promise.all(
        probes.flatMap((probe) => [
          probe.send({ method: 'POST', path: TASKS, body: { title: 'Are you there?' } }),
          probe.send({ path: `${TASKS}?limit=1` })
        ])
      )
      const took = performance.now() - since
      if (answers.every(({ status }) => status === 201 || status === 200)) {
        return took
      }
      if (took > GIVE_UP_MS) {
        throw new Error(
          `not back in service after ${GIVE_UP_MS / 1000} s: ${JSON.stringify(answers.map(({ status, fault, body }) => ({ status, fault, body })))}`
        )
      }
      await pause(PROBE_PAUSE_MS)
    }
  } finally {
    for (const probe of probes) {
      probe.close()
    }
  }
}

export const usual = (plan: Partial<Plan> = {}): Plan => ({ ...USUAL, ...plan })

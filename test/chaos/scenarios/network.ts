import { setTimeout as pause } from 'node:timers/promises'
import type { Scenario, ScenarioContext } from '../scenario.ts'
import type { NetworkFault, Peer } from '../tcp-proxy.ts'

/** From the end of the fault. */
const RECOVERY_MS = 2000
/** A silent connection is closed after 5 s (SILENCE_MS in the database client); then new ones serve. */
const HALF_OPEN_RECOVERY_MS = 7000
/** README's keepalives of the role: 5 s, then three probes 2 s apart. Until then its locks are held. */
const KEEPALIVE_MS = 11_000
/** From a hiccup to longer than the longest call. */
const OUTAGE_MS = { least: 300, most: 7000 }
/** Shorter than callers' timeouts, so that every call gets its response in the end. */
const CALLERS_OUTAGE_MS = { least: 300, most: 3000 }
const CALLER_TIMEOUT_MS = 3000
/** As between two continents. */
const LATENCY_MS = 50

type Proxy = 'postgresProxy' | 'balancer'
type ScenarioOptions = Pick<Scenario, 'rounds'> & Partial<Scenario>
type Duration = (context: ScenarioContext) => Promise<void>

const randomDelay: Duration = (context) => context.randomDelay()
const between =
  ({ least, most }: typeof OUTAGE_MS): Duration =>
  ({ random }) =>
    pause(least + random() * (most - least))
const inSeconds = ({ least, most }: typeof OUTAGE_MS): string =>
  `${least / 1000} to ${most / 1000} s`

/** Sets a fault of the network for a while. */
const withFault = (
  name: string,
  description: string,
  proxy: Proxy,
  fault: NetworkFault,
  duration: Duration,
  options: ScenarioOptions
): Scenario => ({
  name,
  fault: description,
  ...options,
  async round(context) {
    await context.randomDelay()
    context[proxy].setFault(fault)
    await duration(context)
    context[proxy].setFault({ kind: 'none' })
    await context.waitForRecovery(RECOVERY_MS)
  }
})

/** Drops one peer of every connection without notice; new connections work. */
const withDroppedPeer = (
  name: string,
  fault: string,
  proxy: Proxy,
  peer: Peer,
  options: ScenarioOptions,
  detectedAfterMs?: number
): Scenario => ({
  name,
  fault,
  ...options,
  async round(context) {
    await context.randomDelay()
    context[proxy].dropPeer(peer, detectedAfterMs)
    await context.waitForRecovery(HALF_OPEN_RECOVERY_MS)
    // The server's connections suffice for one dropped set at a time: wait until it has closed this one.
    if (detectedAfterMs !== undefined) {
      await pause(detectedAfterMs)
    }
  }
})

const postgresFaults = [
  withFault(
    'postgres-slow',
    `${LATENCY_MS} ms of added latency each way between API and PostgreSQL`,
    'postgresProxy',
    { kind: 'latency', ms: LATENCY_MS },
    between(CALLERS_OUTAGE_MS),
    { rounds: { short: 2, long: 100 } }
  ),
  withFault(
    'postgres-reset',
    'every connection to PostgreSQL is reset for a while, new ones too',
    'postgresProxy',
    { kind: 'reset' },
    randomDelay,
    { rounds: { short: 4, long: 300 } }
  ),
  withFault(
    'postgres-black-hole',
    `no packet passes between API and PostgreSQL for ${inSeconds(OUTAGE_MS)}`,
    'postgresProxy',
    { kind: 'black hole' },
    between(OUTAGE_MS),
    { rounds: { short: 2, long: 100 } }
  ),
  withDroppedPeer(
    'postgres-half-open',
    "the server's end of every connection disappears without notice to the API",
    'postgresProxy',
    'upstream',
    { rounds: { short: 1, long: 50 } }
  ),
  withDroppedPeer(
    'postgres-orphaned',
    "the API's end of every connection disappears without notice to PostgreSQL",
    'postgresProxy',
    'client',
    { rounds: { short: 1, long: 20 } },
    KEEPALIVE_MS
  )
]

const callerFaults = [
  withFault(
    'callers-slow',
    `${LATENCY_MS} ms of added latency each way between callers and API`,
    'balancer',
    { kind: 'latency', ms: LATENCY_MS },
    randomDelay,
    { rounds: { short: 1, long: 50 } }
  ),
  withFault(
    'callers-reset',
    'every connection of callers is reset for a while, new ones too',
    'balancer',
    { kind: 'reset' },
    randomDelay,
    { rounds: { short: 4, long: 300 }, allows: { connectionErrors: true } }
  ),
  withFault(
    'callers-black-hole',
    `no packet passes between callers and API for ${inSeconds(CALLERS_OUTAGE_MS)}`,
    'balancer',
    { kind: 'black hole' },
    between(CALLERS_OUTAGE_MS),
    { rounds: { short: 2, long: 100 } }
  ),
  withDroppedPeer(
    'callers-half-open',
    "the API's end of every connection disappears without notice to callers, who time out and retry",
    'balancer',
    'upstream',
    { rounds: { short: 2, long: 50 }, allows: { timeouts: true }, timeoutMs: CALLER_TIMEOUT_MS }
  ),
  withDroppedPeer(
    'callers-gone',
    'callers disappear without notice to the API',
    'balancer',
    'client',
    { rounds: { short: 2, long: 50 }, allows: { connectionErrors: true } }
  )
]

export const network = [...postgresFaults, ...callerFaults]

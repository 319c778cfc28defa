import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { QueueStats } from '../lib/concurrency-limit.ts'
import type { RunOutcome } from './job-runner.ts'
import type { EmailOutcome } from './mail.ts'

/** Seconds. A list takes milliseconds, a password hash a tenth of a second, and after ten seconds no caller waits. */
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Seconds. Streams look twice a second; what takes a minute waits for a transaction that stays open. */
const DELAY_BUCKETS = [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

export type Metrics = ReturnType<typeof createMetrics>

/**
 * Creates the Prometheus metrics of this process. Without METRICS_PORT and METRICS_TOKEN nothing calls it, and nothing
 * is counted.
 */
export function createMetrics() {
  const registry = new Registry()
  // Event loop, garbage collector, memory and CPU of this process.
  collectDefaultMetrics({ register: registry })
  const bans = new Counter({
    name: 'tasklane_bans_total',
    help: 'IP addresses that this process has banned automatically.',
    registers: [registry]
  })
  const refusedConnections = new Counter({
    name: 'tasklane_connections_refused_total',
    help: 'Connections that were closed unanswered because MAX_CONNECTIONS were open.',
    registers: [registry]
  })
  const emails = new Counter({
    name: 'tasklane_emails_total',
    help: 'Emails by outcome: sent, failed, dropped, or withheld by a limit (network_limited, installation_limited).',
    labelNames: ['outcome'],
    registers: [registry]
  })
  const deliveries = new Counter({
    name: 'tasklane_webhook_attempts_total',
    help: 'Attempts to deliver to webhooks by outcome: succeeded, retried (to be repeated) or failed (given up).',
    labelNames: ['outcome'],
    registers: [registry]
  })
  const changeDelays = new Histogram({
    name: 'tasklane_change_delay_seconds',
    help: 'Time from the beginning of a change to when it was sent to an open stream.',
    buckets: DELAY_BUCKETS,
    registers: [registry]
  })
  return {
    registry,
    recordResponse: responseRecorder(registry),
    recordJobRun: jobRunRecorder(registry),
    recordBan: (): void => bans.inc(),
    recordRefusedConnection: (): void => refusedConnections.inc(),
    recordEmail: (outcome: EmailOutcome | 'network_limited' | 'installation_limited'): void =>
      emails.inc({ outcome }),
    recordDelivery: (outcome: 'succeeded' | 'retried' | 'failed'): void =>
      deliveries.inc({ outcome }),
    recordChangeDelay: (seconds: number): void => changeDelays.observe(seconds),
    watchQueue: (name: string, stats: () => QueueStats): void => watchQueue(registry, name, stats),
    /** Adds a gauge whose value is read at each scrape; values of several processes are added up. */
    watch: (name: string, help: string, value: () => number): void =>
      addGauge(registry, { name, help, value, aggregator: 'sum' }),
    /** Adds a gauge for a value from the database, which is the same in all processes. */
    watchShared: (name: string, help: string, value: () => Promise<number>): void =>
      addGauge(registry, { name, help, value, aggregator: 'max' })
  }
}

/** Returns a function that counts a response. `operation` is a name of ours, never text of a caller. */
function responseRecorder(registry: Registry) {
  const registers = [registry]
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Responses by operation and status.',
    labelNames: ['operation', 'status'],
    registers
  })
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to the response by operation.',
    labelNames: ['operation'],
    buckets: BUCKETS,
    registers
  })
  const problems = new Counter({
    name: 'tasklane_problems_total',
    help: 'Problem responses by code, such as rate_limited, ip_banned, bad_credentials and unavailable.',
    labelNames: ['code'],
    registers
  })
  return (operation: string, status: number, seconds: number, code: string | undefined): void => {
    requests.inc({ operation, status })
    durations.observe({ operation }, seconds)
    if (code !== undefined) {
      problems.inc({ code })
    }
  }
}

function jobRunRecorder(registry: Registry) {
  const runs = new Counter({
    name: 'tasklane_job_runs_total',
    help: 'Runs of background jobs by outcome: done, idle or failed.',
    labelNames: ['job', 'outcome'],
    registers: [registry]
  })
  return (job: string, outcome: RunOutcome): void => runs.inc({ job, outcome })
}

const QUEUE_GAUGES: [suffix: string, help: string, value: (stats: QueueStats) => number][] = [
  ['running', 'In progress.', ({ running }) => running],
  ['waiting', 'Waiting for a slot.', ({ waiting }) => waiting],
  ['waited_total', 'Had to wait for a slot.', ({ waited }) => waited],
  ['wait_seconds_total', 'Time spent waiting for a slot.', ({ waitedSeconds }) => waitedSeconds],
  ['refused_total', 'Rejected because the queue was full or slow.', ({ rejected }) => rejected]
]

function watchQueue(registry: Registry, name: string, stats: () => QueueStats): void {
  for (const [suffix, help, value] of QUEUE_GAUGES) {
    addGauge(registry, {
      name: `${name}_${suffix}`,
      help,
      value: () => value(stats()),
      aggregator: 'sum'
    })
  }
}

interface GaugeOptions {
  name: string
  help: string
  value: () => number | Promise<number>
  aggregator: 'sum' | 'max'
}

/** Adds a gauge whose value is read at each scrape. */
function addGauge(registry: Registry, { name, help, value, aggregator }: GaugeOptions): void {
  new Gauge({
    name: `tasklane_${name}`,
    help,
    registers: [registry],
    aggregator,
    async collect() {
      // Without a value there is no sample: a reset would report 0.
      try {
        this.set(await value())
      } catch {
        this.remove()
      }
    }
  })
}

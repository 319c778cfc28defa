import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { QueueStats } from '../lib/concurrency-limit.ts'

/** Seconds; a list is a matter of milliseconds, a password hash of a tenth of a second, and at ten nobody waits any more. */
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export type Metrics = ReturnType<typeof createMetrics>

/**
 * Everything that is counted, in the form of Prometheus. Made only where somebody may ask for it (METRICS_PORT or
 * METRICS_TOKEN); without it nothing is counted and nothing is paid.
 */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  // Event loop, garbage collector, memory and CPU of this process.
  collectDefaultMetrics({ register: registry })

  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Answers by operation and status.',
    labelNames: ['operation', 'status'],
    registers
  })
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'How long answers took, by operation.',
    labelNames: ['operation'],
    buckets: BUCKETS,
    registers
  })
  const refusals = new Counter({
    name: 'tasklane_problems_total',
    help: 'Problems by code: rate_limited, ip_banned, bad_credentials, unavailable and all the others.',
    labelNames: ['code'],
    registers
  })
  const turns = new Counter({
    name: 'tasklane_job_runs_total',
    help: 'Turns of background jobs, by what came of them: done, idle or failed.',
    labelNames: ['job', 'outcome'],
    registers
  })
  const bans = new Counter({
    name: 'tasklane_bans_total',
    help: 'Addresses that were banned automatically by this process.',
    registers
  })

  return {
    registry,
    /** Counts an answer. An operation is a name of ours, never what a caller wrote. */
    recordResponse(
      operation: string,
      status: number,
      elapsedSeconds: number,
      code: string | undefined
    ): void {
      requests.inc({ operation, status })
      seconds.observe({ operation }, elapsedSeconds)
      if (code !== undefined) {
        refusals.inc({ code })
      }
    },
    recordJobRun: (job: string, outcome: 'done' | 'idle' | 'failed'): void => {
      turns.inc({ job, outcome })
    },
    recordBan: (): void => {
      bans.inc()
    },
    /** Watches a gate: read when somebody asks, so that it costs nothing in between. */
    watchQueue(name: string, load: () => QueueStats): void {
      const values: [string, string, (load: QueueStats) => number][] = [
        ['running', 'Under way at this moment.', ({ running }) => running],
        ['waiting', 'Waiting for their turn at this moment.', ({ waiting }) => waiting],
        ['waited_total', 'Had to wait for their turn.', ({ waited }) => waited],
        ['wait_seconds_total', 'Spent waiting for a turn.', ({ waitedSeconds }) => waitedSeconds],
        ['refused_total', 'Were turned away.', ({ rejected }) => rejected]
      ]
      for (const [suffix, help, value] of values) {
        watch(`${name}_${suffix}`, help, () => value(load()))
      }
    },
    watch: (name: string, help: string, value: () => number): void => watch(name, help, value),
    /** Watches what the database knows, which every process tells alike. While it is away, nothing is told. */
    watchShared: (name: string, help: string, value: () => Promise<number>): void =>
      watch(name, help, value, 'max')
  }

  function watch(
    name: string,
    help: string,
    value: () => number | Promise<number>,
    aggregator: 'sum' | 'max' = 'sum'
  ): void {
    new Gauge({
      name: `tasklane_${name}`,
      help,
      registers,
      aggregator,
      async collect() {
        // Removed, not reset: that would tell 0.
        try {
          this.set(await value())
        } catch {
          this.remove()
        }
      }
    })
  }
}

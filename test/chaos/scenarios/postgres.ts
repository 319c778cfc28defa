import { setTimeout as pause } from 'node:timers/promises'
import type { Scenario, ScenarioContext } from '../scenario.ts'

/** From the moment that PostgreSQL accepts connections again; no process of ours is restarted. */
const RECOVERY_MS = 2000
/** From a hiccup to longer than the longest call. */
const FROZEN_MS = { least: 300, most: 7000 }
const DOWN_MS = { short: 5000, long: 30_000 }

type StopMode = Parameters<ScenarioContext['postgres']['stop']>[0]

/** Stops PostgreSQL, and starts it again after a time. */
const stopped = (
  name: string,
  fault: string,
  mode: StopMode,
  downtime: (context: ScenarioContext) => Promise<unknown>,
  rounds: Scenario['rounds']
): Scenario => ({
  name,
  fault,
  rounds,
  async round(context) {
    await context.randomDelay()
    await context.postgres.stop(mode)
    await downtime(context)
    await context.postgres.start()
    await context.waitForRecovery(RECOVERY_MS)
  }
})
const noDelay = async () => {}
const randomDelay = (context: ScenarioContext) => context.randomDelay()

const backendTerminated: Scenario = {
  name: 'backend-terminated',
  fault: 'one backend of PostgreSQL is terminated at a random moment',
  rounds: { short: 10, long: 500 },
  async round({ postgres, random, randomDelay, waitForRecovery }) {
    await randomDelay()
    await postgres.admin(
      (sql) => sql`
        SELECT pg_terminate_backend(pid)
        FROM (
          SELECT pid
          FROM pg_stat_activity
          WHERE usename = 'app'
          ORDER BY md5(pid::text || ${random()})
          LIMIT 1
        ) one`
    )
    await waitForRecovery(RECOVERY_MS)
  }
}

const frozen: Scenario = {
  name: 'postgres-frozen',
  fault: `SIGSTOP to every process of PostgreSQL for ${FROZEN_MS.least / 1000} to ${FROZEN_MS.most / 1000} s`,
  rounds: { short: 3, long: 100 },
  async round({ postgres, random, randomDelay, waitForRecovery }) {
    await randomDelay()
    await postgres.freeze()
    await pause(FROZEN_MS.least + random() * (FROZEN_MS.most - FROZEN_MS.least))
    postgres.thaw()
    await waitForRecovery(RECOVERY_MS)
  }
}

/** Both servers have every acknowledged write. Connections sometimes reach the standby while it is still read-only. */
const failover: Scenario = {
  name: 'failover',
  fault: 'kill -9 of PostgreSQL, and a synchronous standby is promoted',
  rounds: { short: 2, long: 60 },
  plan: { standbys: true },
  async round({ standbys, random, randomDelay, waitForRecovery }) {
    await standbys.add()
    await randomDelay()
    await standbys.primary().stop('crash')
    await standbys.promote({ early: random() < 0.5 })
    await waitForRecovery(RECOVERY_MS)
  }
}

/** A write that is acknowledged before it is on the disk is lost in a crash: the audit must detect it. */
const control: Scenario = {
  name: 'control',
  fault: 'synchronous_commit=off and kill -9 of every process of PostgreSQL: must lose writes',
  rounds: { short: 2, long: 5 },
  expectsLoss: true,
  // The buffers hold all writes of a round.
  plan: { postgres: { synchronous_commit: 'off', wal_buffers: '64MB' } },
  prepare: async ({ postgres }) => {
    await postgres.admin((sql) => sql`CHECKPOINT`)
  },
  async round({ postgres, randomDelay, waitForRecovery }) {
    // Written pages survive in the kernel's cache: the WAL writer is stopped first, so that there is something to lose.
    const [writer] = await postgres.admin(
      (sql) => sql<{ pid: number }[]>`
        SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'`
    )
    process.kill(writer?.pid as number, 'SIGSTOP')
    await randomDelay()
    await postgres.stop('crash')
    process.kill(writer?.pid as number, 'SIGKILL')
    await postgres.start()
    await waitForRecovery(RECOVERY_MS)
  }
}

export const postgres = [
  stopped(
    'postgres-fast',
    'PostgreSQL is stopped (fast) and started after a while',
    'fast',
    randomDelay,
    { short: 3, long: 300 }
  ),
  stopped(
    'postgres-immediate',
    'PostgreSQL is stopped (immediate) and started after a while',
    'immediate',
    randomDelay,
    { short: 3, long: 300 }
  ),
  stopped(
    'postgres-killed',
    'kill -9 of the postmaster, and an immediate start',
    'crash',
    noDelay,
    { short: 4, long: 300 }
  ),
  stopped(
    'postgres-restarted',
    'PostgreSQL is restarted (fast, without a pause)',
    'fast',
    noDelay,
    { short: 3, long: 300 }
  ),
  stopped(
    'postgres-down',
    `PostgreSQL is down for ${DOWN_MS.long / 1000} s (short form: ${DOWN_MS.short / 1000} s)`,
    'fast',
    ({ isLong }) => pause(isLong ? DOWN_MS.long : DOWN_MS.short),
    { short: 1, long: 10 }
  ),
  backendTerminated,
  frozen,
  failover,
  control
]

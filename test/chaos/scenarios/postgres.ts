import { setTimeout as pause } from 'node:timers/promises'
import type { Scenario, World } from '../scenario.ts'

/** From the moment it lets clients in again; nobody starts anything anew. */
const BACK_MS = 2000
/** From a hiccup to longer than any call may last. */
const FROZEN_MS = { least: 300, most: 7000 }
const DOWN_MS = { short: 5000, long: 30_000 }

type Stop = Parameters<World['postgres']['stop']>[0]

/** Stops it, leaves it down for a while, starts it again. */
const stopped = (
  name: string,
  fault: string,
  how: Stop,
  downFor: (world: World) => Promise<unknown>,
  rounds: Scenario['rounds']
): Scenario => ({
  name,
  fault,
  rounds,
  async round(world) {
    await world.aWhile()
    await world.postgres.stop(how)
    await downFor(world)
    await world.postgres.start()
    await world.backInService(BACK_MS)
  }
})
const aMoment = async () => {}
const aWhile = (world: World) => world.aWhile()

const terminated: Scenario = {
  name: 'backend-terminated',
  fault: 'one backend of PostgreSQL terminated, at a random moment',
  rounds: { short: 10, long: 500 },
  async round(world) {
    await world.aWhile()
    await world.postgres.admin(
      (sql) =>
        sql`select pg_terminate_backend(pid) from (select pid from pg_stat_activity where usename = 'app' order by md5(pid::text || ${world.random()}) limit 1) one`
    )
    await world.backInService(BACK_MS)
  }
}

const frozen: Scenario = {
  name: 'postgres-frozen',
  fault: `every process of PostgreSQL stopped by SIGSTOP for ${FROZEN_MS.least / 1000} to ${FROZEN_MS.most / 1000} s`,
  rounds: { short: 3, long: 100 },
  async round(world) {
    await world.aWhile()
    await world.postgres.freeze()
    await pause(FROZEN_MS.least + world.random() * (FROZEN_MS.most - FROZEN_MS.least))
    world.postgres.thaw()
    await world.backInService(BACK_MS)
  }
}

/** What is acknowledged is on both, and the address of the one becomes that of the other: sometimes while it still only reads. */
const failover: Scenario = {
  name: 'failover',
  fault: 'kill -9 of PostgreSQL, and a synchronous standby takes over',
  rounds: { short: 2, long: 60 },
  plan: { heirs: true },
  async round(world) {
    await world.heirs.follow()
    await world.aWhile()
    await world.heirs.leader().stop('crash')
    await world.heirs.takeOver({ early: world.random() < 0.5 })
    await world.backInService(BACK_MS)
  }
}

/** What is acknowledged before it is written is lost with the server: a ledger that does not see this sees nothing. */
const control: Scenario = {
  name: 'control',
  fault: 'synchronous_commit=off, kill -9 of every process of PostgreSQL: must lose',
  rounds: { short: 2, long: 5 },
  mustLose: true,
  // Room for everything that is said in a round.
  plan: { postgres: { synchronous_commit: 'off', wal_buffers: '64MB' } },
  prepare: async ({ postgres }) => {
    await postgres.admin((sql) => sql`checkpoint`)
  },
  async round(world) {
    // Written pages outlive the processes in the kernel: whoever writes them in the background is stopped first, so that there is something to lose.
    const [writer] = await world.postgres.admin(
      (sql) =>
        sql<{ pid: number }[]>`select pid from pg_stat_activity where backend_type = 'walwriter'`
    )
    process.kill(writer?.pid as number, 'SIGSTOP')
    await world.aWhile()
    await world.postgres.stop('crash')
    process.kill(writer?.pid as number, 'SIGKILL')
    await world.postgres.start()
    await world.backInService(BACK_MS)
  }
}

export const postgres = [
  stopped('postgres-fast', 'PostgreSQL stopped (fast) and started after a while', 'fast', aWhile, {
    short: 3,
    long: 300
  }),
  stopped(
    'postgres-immediate',
    'PostgreSQL stopped (immediate) and started after a while',
    'immediate',
    aWhile,
    { short: 3, long: 300 }
  ),
  stopped(
    'postgres-killed',
    'kill -9 of the first process of PostgreSQL, started at once',
    'crash',
    aMoment,
    { short: 4, long: 300 }
  ),
  stopped('postgres-restarted', 'PostgreSQL restarted (fast, without a pause)', 'fast', aMoment, {
    short: 3,
    long: 300
  }),
  stopped(
    'postgres-down',
    `PostgreSQL down for ${DOWN_MS.long / 1000} s (short form: ${DOWN_MS.short / 1000} s)`,
    'fast',
    (world) => pause(world.isLong ? DOWN_MS.long : DOWN_MS.short),
    { short: 1, long: 10 }
  ),
  terminated,
  frozen,
  failover,
  control
]

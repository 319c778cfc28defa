import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Plan } from '../environment.ts'
import type { Scenario, World } from '../scenario.ts'

/** Redis counts for limits and nothing else: without it nobody is refused, and nobody waits noticeably. */
const BACK_MS = 1000
const LONGEST_MS = 1000
const SLOW_MS = 300
/** On, counting in Redis, and never in the way. */
const COUNTING: Partial<Plan> = {
  env: {
    RATE_LIMIT: 'on',
    RATE_LIMIT_INSTANCES: '2',
    ...Object.fromEntries(
      ['AUTH', 'READS', 'CREATES', 'UPDATES', 'DELETES'].map((budget) => [
        `RATE_LIMIT_${budget}`,
        '1000000'
      ])
    )
  }
}

const without = (
  name: string,
  fault: string,
  rounds: Scenario['rounds'],
  breakIt: (world: World) => unknown,
  mendIt: (world: World) => unknown
): Scenario => ({
  name,
  fault,
  rounds,
  plan: COUNTING,
  allows: { refused: false, longestMs: LONGEST_MS },
  async round(world) {
    await world.aWhile()
    await breakIt(world)
    await pause(1000 + world.random() * 2000)
    await world.backInService(BACK_MS)
    await mendIt(world)
    await world.backInService(BACK_MS)
  }
})

async function flush({ redis }: World): Promise<void> {
  const client = new Redis(redis.url)
  await client.flushall()
  client.disconnect()
}

export const redis = [
  without(
    'redis-down',
    'kill -9 of Redis, started again after a while',
    { short: 2, long: 100 },
    ({ redis }) => redis.kill(),
    ({ redis }) => redis.start()
  ),
  without(
    'redis-frozen',
    'Redis stopped by SIGSTOP for a while',
    { short: 2, long: 100 },
    ({ redis }) => redis.freeze(),
    ({ redis }) => redis.thaw()
  ),
  without(
    'redis-slow',
    `${SLOW_MS} ms more each way between API and Redis`,
    { short: 1, long: 50 },
    ({ toRedis }) => toRedis.turn({ kind: 'slow', ms: SLOW_MS }),
    ({ toRedis }) => toRedis.turn({ kind: 'clear' })
  ),
  without(
    'redis-black-hole',
    'nothing passes between API and Redis for a while',
    { short: 1, long: 50 },
    ({ toRedis }) => toRedis.turn({ kind: 'black hole' }),
    ({ toRedis }) => toRedis.turn({ kind: 'clear' })
  ),
  without(
    'redis-flushed',
    'Redis emptied at a random moment',
    { short: 1, long: 100 },
    flush,
    () => {}
  )
]

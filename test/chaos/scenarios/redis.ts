import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { EnvironmentPlan } from '../environment.ts'
import type { Scenario, ScenarioContext } from '../scenario.ts'

/** Redis holds rate limits and nothing else: without it no call is rejected, and none is noticeably slower. */
const RECOVERY_MS = 1000
const MAX_MS = 1000
const LATENCY_MS = 300
const BUDGETS = ['AUTH', 'READS', 'CREATES', 'UPDATES', 'DELETES']
/** Rate limits are on and count in Redis, but are too high to be reached. */
const COUNTING: Partial<EnvironmentPlan> = {
  env: {
    RATE_LIMIT: 'on',
    RATE_LIMIT_INSTANCES: '2',
    ...Object.fromEntries(BUDGETS.map((budget) => [`RATE_LIMIT_${budget}`, '1000000']))
  }
}

/** Injects a fault of Redis, and removes it after a while. */
const withFault = (
  name: string,
  fault: string,
  rounds: Scenario['rounds'],
  inject: (context: ScenarioContext) => unknown,
  remove: (context: ScenarioContext) => unknown
): Scenario => ({
  name,
  fault,
  rounds,
  plan: COUNTING,
  allows: { unavailable: false, maxMs: MAX_MS },
  async round(context) {
    await context.randomDelay()
    await inject(context)
    await pause(1000 + context.random() * 2000)
    await context.waitForRecovery(RECOVERY_MS)
    await remove(context)
    await context.waitForRecovery(RECOVERY_MS)
  }
})

async function flush({ redis }: ScenarioContext): Promise<void> {
  const client = new Redis(redis.url)
  await client.flushall()
  client.disconnect()
}

export const redis = [
  withFault(
    'redis-down',
    'kill -9 of Redis, and a start after a while',
    { short: 2, long: 100 },
    ({ redis }) => redis.kill(),
    ({ redis }) => redis.start()
  ),
  withFault(
    'redis-frozen',
    'SIGSTOP to Redis for a while',
    { short: 2, long: 100 },
    ({ redis }) => redis.freeze(),
    ({ redis }) => redis.thaw()
  ),
  withFault(
    'redis-slow',
    `${LATENCY_MS} ms of added latency each way between API and Redis`,
    { short: 1, long: 50 },
    ({ redisProxy }) => redisProxy.setFault({ kind: 'latency', ms: LATENCY_MS }),
    ({ redisProxy }) => redisProxy.setFault({ kind: 'none' })
  ),
  withFault(
    'redis-black-hole',
    'no packet passes between API and Redis for a while',
    { short: 1, long: 50 },
    ({ redisProxy }) => redisProxy.setFault({ kind: 'black hole' }),
    ({ redisProxy }) => redisProxy.setFault({ kind: 'none' })
  ),
  withFault(
    'redis-flushed',
    'FLUSHALL at a random moment',
    { short: 1, long: 100 },
    flush,
    () => {}
  )
]

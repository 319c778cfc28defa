import type { Redis } from 'ioredis'
import { type Charge, type Charged, Counters, type Done } from '../lib/window-counters.ts'

const PREFIX = 'tasklane:limit:'

/** In one script, so that of parallel charges no more than fit are counted. ARGV: window, cost and max of each key. */
const CHARGE = `
  local fits = 1
  for i, key in ipairs(KEYS) do
    local current = tonumber(redis.call('GET', key) or 0)
    if current + tonumber(ARGV[2 * i]) > tonumber(ARGV[2 * i + 1]) then fits = 0 end
  end
  local result = {fits}
  for i, key in ipairs(KEYS) do
    if fits == 1 then redis.call('INCRBY', key, ARGV[2 * i]) end
    local ttl = redis.call('PTTL', key)
    if ttl == -1 then
      ttl = tonumber(ARGV[1])
      redis.call('PEXPIRE', key, ttl)
    end
    table.insert(result, tonumber(redis.call('GET', key) or 0))
    table.insert(result, math.max(ttl, 0))
  end
  return result`

type Result = [fits: number, ...currentAndTtl: number[]]
interface WithCharge {
  tasklaneCharge: (keys: number, ...args: (string | number)[]) => Promise<Result>
}

/** Counts in Redis, for all instances. */
export class RedisCounters extends Counters {
  private redis: WithCharge

  constructor(redis: Redis) {
    super()
    redis.defineCommand('tasklaneCharge', { lua: CHARGE })
    this.redis = redis as unknown as WithCharge
  }

  charge(charges: Charge[], done: Done<Charged>, windowMs: number): void {
    const keys = charges.map(({ key }) => PREFIX + key)
    const amounts = charges.flatMap(({ cost, max }) => [cost, max])
    this.redis.tasklaneCharge(keys.length, ...keys, windowMs, ...amounts).then(
      ([fits, ...rest]) =>
        done(null, {
          fits: fits === 1,
          counts: charges.map((_, i) => ({
            current: rest[2 * i] as number,
            ttl: rest[2 * i + 1] as number
          }))
        }),
      (error) => done(error, undefined as never)
    )
  }
}

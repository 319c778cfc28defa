import { audit } from '../../core/audit.ts'
import type { Actor, RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { limitKey } from '../../lib/ip.ts'

const WINDOW_MS = 60_000
/** Networks that are counted apart; beyond, they are counted together to protect memory. */
const MAX_NETWORKS = 10_000
const OTHERS = 'others'

type Context = RequestContext<Actor | null>
interface Count {
  latest: Context
  more: number
}

/** Audits refreshes with tokens that were never issued here. */
export interface RefusedRefreshes {
  /** Writes the first of a network, and only counts those that follow within a minute. */
  record(ctx: Context): Promise<void>
  /** Writes what was counted, one event for each network. */
  flush(): Promise<void>
}

/**
 * Creates the counter: anyone can send any number of invented tokens, and the audit log keeps every event, so that it
 * would grow as fast as they are sent.
 */
export function createRefusedRefreshes(db: Db): RefusedRefreshes {
  let counts = new Map<string, Count>()
  let timer: NodeJS.Timeout | undefined

  const flush = async () => {
    clearTimeout(timer)
    timer = undefined
    const counted = counts
    counts = new Map()
    for (const { latest, more } of counted.values()) {
      if (more > 0) {
        await audit.failed(db, latest, 'session.refreshed', undefined, `${more} more in a minute`)
      }
    }
  }
  const startWindow = () => {
    // Nobody waits for it. What the database cannot store now is lost, as a count and not as an event.
    timer ??= setTimeout(() => void flush().catch(() => {}), WINDOW_MS).unref()
  }

  return {
    async record(ctx) {
      const network = ctx.ip === null ? OTHERS : limitKey(ctx.ip)
      const key = counts.has(network) || counts.size < MAX_NETWORKS ? network : OTHERS
      const known = counts.get(key)
      if (known) {
        known.more++
        known.latest = key === OTHERS ? { ...ctx, ip: null } : ctx
        return
      }
      counts.set(key, { latest: ctx, more: 0 })
      startWindow()
      await audit.failed(db, ctx, 'session.refreshed')
    },
    flush
  }
}

import type { Caller } from '../../core/context.ts'
import { createTtlCache } from '../../lib/ttl-cache.ts'
import type { SessionKey } from './sessions.queries.ts'

/** How long a caller is served from memory: other instances learn of a change this late. */
const TTL_MS = 1000
const MAX_ENTRIES = 20_000

export type CallerCache = ReturnType<typeof createCallerCache>

/** Remembers the callers behind sessions for a second. */
export function createCallerCache(findCaller: (key: SessionKey) => Promise<Caller | undefined>) {
  const callers = createTtlCache({
    max: MAX_ENTRIES,
    ttlMs: TTL_MS,
    load: (key) => findCaller(parseKey(key))
  })
  return {
    get: (key: SessionKey): Promise<Caller | undefined> => callers.get(formatKey(key)),

    invalidate(keys: SessionKey[]): void {
      for (const key of keys) {
        callers.invalidate(formatKey(key))
      }
    },

    invalidateUser(userId: string): void {
      callers.invalidateWhere((key) => key.startsWith(userId))
    }
  }
}

const formatKey = ({ user_id, session_id }: SessionKey): string => `${user_id} ${session_id}`

function parseKey(key: string): SessionKey {
  const [user_id = '', session_id = ''] = key.split(' ')
  return { user_id, session_id }
}

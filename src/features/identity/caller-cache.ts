import { accessOf } from '../../core/access-cache.ts'
import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { prepareFindCaller, type SessionKey } from './sessions.queries.ts'

/** A session that is not there may come; it is asked for again soon. */
const UNKNOWN_MS = 1000

/** Remembers the callers behind sessions, as the database knew them at most a second ago. */
export function createCallerCache(db: Db) {
  const find = prepareFindCaller(db)
  const callers = accessOf(db).cache({
    load: (key) => find(parseKey(key)),
    validMs: (found) => found?.live_ms ?? UNKNOWN_MS
  })
  return {
    get: async (key: SessionKey): Promise<Caller | undefined> =>
      (await callers.get(formatKey(key)))?.caller
  }
}

const formatKey = ({ user_id, session_id }: SessionKey): string => `${user_id} ${session_id}`

function parseKey(key: string): SessionKey {
  const [user_id = '', session_id = ''] = key.split(' ')
  return { user_id, session_id }
}

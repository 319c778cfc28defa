/**
 * The one patch we carry. postgres.js 3.4.9 writes to a socket it has already forgotten when a backend dies while
 * a transaction is open and another statement follows; the TypeError comes from a setImmediate that no caller can
 * catch and ends the process (upstream issues #1066, #1154, #1208; not fixed in 3.4.9, which is pinned for this).
 * The patch is applied to the module's text as Node loads it and refuses to start if that text has changed.
 */
import { registerHooks } from 'node:module'

const HOLE = 'function nextWrite(fn) {\n'
const GUARD = `${HOLE}    if (socket === null) {
      nextWriteTimer !== null && clearImmediate(nextWriteTimer)
      chunk = nextWriteTimer = null
      error(Errors.connection('CONNECTION_CLOSED', options))
      return false
    }
`

/** Must run before the first import of `postgres`. */
export function guardDriver (): void {
  registerHooks({
    load (url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.endsWith('/postgres/src/connection.js')) return loaded
      const source = String(loaded.source)
      if (source.split(HOLE).length !== 2) throw new Error('postgres.js has changed: read db/driver-guard.ts before raising its version')
      return { ...loaded, source: source.replace(HOLE, GUARD) }
    }
  })
}

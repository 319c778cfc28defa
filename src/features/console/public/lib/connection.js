import { ApiError } from './problem.js'

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 30_000

/** Calls that are waiting to be tried again, and why: nobody answers, or Tasklane says that it cannot right now. */
const waiting = new Set()
const listeners = new Set()

const tell = () => {
  for (const listener of listeners) {
    listener(summary())
  }
}
function summary() {
  const all = [...waiting]
  if (all.length === 0) {
    return undefined
  }
  const first = all.reduce((a, b) => (a.until < b.until ? a : b))
  return { kind: navigator.onLine ? first.kind : 'offline', until: first.until }
}

/** Hears of every change; `undefined` when all is well. */
export const onConnection = (listener) => {
  listeners.add(listener)
}

/** Ends every wait. */
export function tryNow() {
  for (const wait of [...waiting]) {
    wait.go()
  }
}
addEventListener('online', tryNow)
addEventListener('offline', tell)

/**
 * Waits before the `attempt`th repetition: as long as the server asked for, or twice as long each time, with some chance
 * in it so that not all come back at once. Goes on at once when the network returns or the person says so.
 */
export function waitToRetry(error, attempt, signal) {
  const backoff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1))
  const ms = Math.max((error.retryAfter ?? 0) * 1000, backoff * (0.75 + Math.random() / 2))
  return new Promise((resolve, reject) => {
    const end = (settle) => () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      waiting.delete(wait)
      tell()
      settle()
    }
    const kind = error.status === 429 ? 'limited' : error.status === 0 ? 'unreachable' : 'busy'
    const wait = { kind, until: Date.now() + ms, go: end(resolve) }
    const stop = end(() => reject(new DOMException('given up', 'AbortError')))
    const timer = setTimeout(wait.go, ms)
    signal?.addEventListener('abort', stop)
    waiting.add(wait)
    tell()
    if (signal?.aborted) {
      stop()
    }
  })
}

/** What a failed `fetch` means. */
export function unreachable(cause) {
  const detail = navigator.onLine
    ? 'Tasklane does not answer. It may be restarting, or the network between is down.'
    : 'This device is offline.'
  return Object.assign(new ApiError({ detail }), { cause })
}

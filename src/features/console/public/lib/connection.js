import { ApiError } from './problem.js'

const MIN_WAIT_MS = 1000
const MAX_WAIT_MS = 30_000

/** Calls that wait for their next attempt. */
const waiting = new Set()
const listeners = new Set()

const notify = () => {
  for (const listener of listeners) {
    listener(connectionState())
  }
}
function connectionState() {
  if (waiting.size === 0) {
    return undefined
  }
  const next = [...waiting].reduce((a, b) => (a.until < b.until ? a : b))
  return { kind: navigator.onLine ? next.kind : 'offline', until: next.until }
}

/** Calls the listener at every change with `{ kind, until }` of the next retry, or undefined when no call waits. */
export const onConnectionChange = (listener) => {
  listeners.add(listener)
}

/** Starts all waiting attempts at once. */
export function retryNow() {
  for (const wait of [...waiting]) {
    wait.resume()
  }
}
addEventListener('online', retryNow)
addEventListener('offline', notify)

function kindOf({ status }) {
  if (status === 429) {
    return 'limited'
  }
  return status === 0 ? 'unreachable' : 'busy'
}

/**
 * Waits before retry number `retry`: as long as the server asked for, at least an exponential backoff with jitter. The
 * wait ends early when the network returns or the user asks for it.
 */
export function waitBeforeRetry(error, retry, signal) {
  const backoff = Math.min(MAX_WAIT_MS, MIN_WAIT_MS * 2 ** (retry - 1))
  const ms = Math.max((error.retryAfter ?? 0) * 1000, backoff * (0.75 + Math.random() / 2))
  return new Promise((resolve, reject) => {
    const end = (settle) => () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      waiting.delete(wait)
      notify()
      settle()
    }
    const wait = { kind: kindOf(error), until: Date.now() + ms, resume: end(resolve) }
    const abort = end(() => reject(new DOMException('aborted', 'AbortError')))
    const timer = setTimeout(wait.resume, ms)
    signal?.addEventListener('abort', abort)
    waiting.add(wait)
    notify()
    if (signal?.aborted) {
      abort()
    }
  })
}

/** Makes the error for a call that got no response. */
export function networkError(cause) {
  const detail = navigator.onLine
    ? 'Tasklane does not respond. It may be restarting, or the network is down.'
    : 'This device is offline.'
  return Object.assign(new ApiError({ detail }), { cause })
}

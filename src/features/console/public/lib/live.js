import { call, QUIETLY, queryString } from './api.js'
import { API } from './base.js'
import { CHANGE_TYPES } from './change-types.js'
import { accessToken, isLoggedIn, onUserChange } from './session.js'

const MIN_WAIT_MS = 1000
const MAX_WAIT_MS = 15_000
/** A stream that ends sooner is a failure: it is not opened again at once for ever. */
const SHORT_MS = 5000
/** A user can have few streams, and a browser few connections: a tab in the background gives its own back. */
const HIDDEN_MS = 20_000
/** A dead connection looks like a silent one: after this time without changes the tab asks whether there are any. */
const SILENCE_MS = 60_000
const TICK_MS = 5000
/** A tick that is so late means that the device was asleep. */
const ASLEEP_MS = 30_000
const CHECK_TOKEN_MS = 2000

const listeners = new Set()
/** Behind the last change that was received. */
let cursor
let stream
let hiding

/**
 * Calls the listener with each change in the lists of the user, as the API describes it, and with undefined when some
 * may have been missed, so that everything shown has to be loaded again. Returns how to stop it.
 */
export function onChange(listener) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const tell = (change) => {
  for (const listener of [...listeners]) {
    listener(change)
  }
}

/** Has everything that is shown loaded again, as after changes that may have been missed. */
export const missedChanges = () => tell(undefined)

onUserChange(() => {
  stop()
  cursor = undefined
  start()
})
addEventListener('online', restart)
addEventListener('visibilitychange', () => {
  clearTimeout(hiding)
  if (document.hidden) {
    hiding = setTimeout(stop, HIDDEN_MS)
  } else if (!stream?.isOpen) {
    restart()
  }
})

function stop() {
  stream?.controller.abort()
  stream = undefined
}

function restart() {
  stop()
  start()
}

/** Follows the changes of the user until `stop()`. */
function start() {
  if (isLoggedIn() && !document.hidden) {
    const controller = new AbortController()
    stream = { controller, isOpen: false }
    follow(stream, controller.signal)
  }
}

async function follow(current, signal) {
  for (let failures = 0; !signal.aborted; ) {
    const openedAt = Date.now()
    const error = await followOnce(current, signal).catch((reason) => reason)
    current.isOpen = false
    failures = Date.now() - openedAt > SHORT_MS ? 0 : failures + 1
    await recover(error ?? {}, signal)
    await pause(waitFor(error ?? {}, failures), signal)
  }
}

/** Takes what was missed, then what comes by a stream, until that ends. Throws where a call is refused. */
async function followOnce(current, signal) {
  await catchUp(signal)
  const { ticket } = await call('POST', '/changes/tickets', { ...QUIETLY, signal })
  await readStream(`${API}/changes/stream${queryString({ ticket, cursor })}`, current, signal)
}

/** Reads the changes behind the cursor. Tells whether there were any. */
async function catchUp(signal) {
  if (cursor === undefined) {
    const { pagination } = await call('GET', '/changes', { ...QUIETLY, signal })
    cursor = pagination.next_cursor
    // What is shown may have been loaded before.
    tell(undefined)
    return true
  }
  let found = 0
  for (let hasMore = true; hasMore; ) {
    const page = await call('GET', '/changes', { ...QUIETLY, query: { cursor }, signal })
    cursor = page.pagination.next_cursor
    for (const change of page.data) {
      tell(change)
    }
    found += page.data.length
    hasMore = page.pagination.has_more
  }
  return found > 0
}

/**
 * Reads a stream until it ends. `EventSource` says neither why one is refused nor that one has died: the calls before
 * the next one find out, and so does a look after a long silence.
 */
async function readStream(url, current, signal) {
  const source = new EventSource(url)
  const clock = { heardAt: Date.now(), tickedAt: Date.now() }
  const take = ({ data, lastEventId }) => {
    clock.heardAt = Date.now()
    cursor = lastEventId || cursor
    tell(JSON.parse(data))
  }
  for (const type of CHANGE_TYPES) {
    source.addEventListener(type, take)
  }
  source.addEventListener('open', () => {
    current.isOpen = true
  })
  const { promise: ended, resolve: end } = Promise.withResolvers()
  // By itself it would come back with the ticket that is used up.
  source.addEventListener('error', end)
  signal.addEventListener('abort', end)
  const ticking = setInterval(async () => {
    if (await isDead(clock, signal)) {
      end()
    }
  }, TICK_MS)
  await (signal.aborted || ended)
  clearInterval(ticking)
  signal.removeEventListener('abort', end)
  source.close()
}

/** Tells whether the device was asleep since the last tick, or a silent stream has missed something. */
async function isDead(clock, signal) {
  const now = Date.now()
  const wasAsleep = now - clock.tickedAt > ASLEEP_MS
  clock.tickedAt = now
  if (wasAsleep || now - clock.heardAt < SILENCE_MS) {
    return wasAsleep
  }
  clock.heardAt = now
  return catchUp(signal).catch(() => true)
}

/** Waits for what has to change before another stream can be opened. */
async function recover({ status, code }, signal) {
  if (status === 410 || status === 400) {
    cursor = undefined
  } else if (code === 'unauthenticated') {
    // The next call of the user asks for the password; until then there is nothing to gain by trying.
    for (const token = accessToken(); accessToken() === token && !signal.aborted; ) {
      await pause(CHECK_TOKEN_MS, signal)
    }
  }
}

/** How long to wait before the next stream: as long as the server asked for, and longer after each failure. */
function waitFor({ retryAfter = 0 }, failures) {
  const backoff = Math.min(MAX_WAIT_MS, MIN_WAIT_MS * 2 ** Math.max(0, failures - 1))
  // All who were connected to a server that restarts come back, but not all at once.
  return Math.max(retryAfter * 1000, backoff) * (0.75 + Math.random() / 2)
}

const pause = (ms, signal) =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    if (signal.aborted) {
      end()
    }
  })

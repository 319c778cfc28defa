import { API } from './base.js'

/** Of this installation: others may share its origin. */
const NAME = `tasklane ${API}`
const TAB = `${NAME} tab`
const WAIT_MS = 10_000
const channel = new BroadcastChannel(NAME)
let tail = Promise.resolve()

/** Sends a message to all other tabs of the console. */
export const tellTabs = (message) => channel.postMessage(message)

/** Calls the listener with the messages of other tabs. */
export const onTabMessage = (listener) =>
  channel.addEventListener('message', ({ data }) => listener(data))

/**
 * Runs one work after the other, of all tabs together. Browsers lock over HTTPS and on the own machine only; elsewhere
 * it is one after the other in this tab.
 */
export function inTurn(work) {
  if (navigator.locks) {
    return inLock(work)
  }
  const outcome = tail.then(work)
  tail = outcome.catch(() => {})
  return outcome
}

/** A tab that the system has put to sleep may hold the lock for ever: nobody waits for it longer than a while. */
async function inLock(work) {
  let hasBegun = false
  const waiting = new AbortController()
  const timer = setTimeout(() => waiting.abort(), WAIT_MS)
  const begin = () => {
    clearTimeout(timer)
    hasBegun = true
    return work()
  }
  try {
    return await navigator.locks.request(NAME, { signal: waiting.signal }, begin)
  } catch (error) {
    if (hasBegun) {
      throw error
    }
    return work()
  }
}

// As long as the tab exists it holds a lock that all of them may hold, by which the others know of it.
navigator.locks?.request(TAB, { mode: 'shared' }, () => new Promise(() => {}))

/** Tells whether there are other tabs of the console, as far as the browser says. */
export async function hasOtherTabs() {
  const { held = [] } = (await navigator.locks?.query()) ?? {}
  return held.filter(({ name }) => name === TAB).length > 1
}

import { randomId } from './random-id.js'

const MAX_IDS = 200

/** The ids of the latest requests that change something, by which the changes of this tab are known. */
const ids = new Set()
let pending = 0
let count = 0

/** Notes that a call which may change something is under way, until `end()`. */
export function beginWrite() {
  const requestId = randomId()
  ids.add(requestId)
  if (ids.size > MAX_IDS) {
    ids.delete(ids.values().next().value)
  }
  pending++
  count++
  return {
    requestId,
    end: () => {
      pending--
      count++
    }
  }
}

/** Tells whether a change was made here rather than in another tab or by somebody else. */
export const isMadeHere = ({ request_id }) => ids.has(request_id)
/** Tells whether a call that may change something is under way. */
export const isWriting = () => pending > 0
/** Counts the beginnings and ends of such calls: what was read while it grew may be outdated. */
export const writeCount = () => count

import { call, QUIETLY } from './api.js'
import { onUserChange } from './session.js'

/** Reads for titles alone leave the user most of what they may read in a minute. */
const MAX_LOOKUPS = 24
const MINUTE_MS = 60_000
const MAX_PARALLEL = 3

/** Titles by id, for as long as the user is logged in; null for those that cannot be read. */
let titles = new Map()
let waiting = []
let running = 0
let minute = { from: 0, lookups: 0 }
onUserChange(() => {
  titles = new Map()
  waiting = []
})

/** Resolves to the title of a task; to null where it is gone, cannot be seen or would be one read too many for now. */
export function titleOf(id) {
  if (!titles.has(id)) {
    if (!mayLookUp()) {
      return Promise.resolve(null)
    }
    titles.set(id, queueLookup(id))
  }
  return titles.get(id)
}

function mayLookUp() {
  if (Date.now() - minute.from > MINUTE_MS) {
    minute = { from: Date.now(), lookups: 0 }
  }
  return minute.lookups++ < MAX_LOOKUPS
}

function queueLookup(id) {
  const { promise, resolve } = Promise.withResolvers()
  waiting.push(() => lookUp(id).then(resolve))
  runNext()
  return promise
}

async function runNext() {
  if (running >= MAX_PARALLEL || waiting.length === 0) {
    return
  }
  running++
  await waiting.shift()()
  running--
  runNext()
}

const lookUp = (id) =>
  call('GET', `/tasks/${id}`, QUIETLY).then(
    ({ title }) => title,
    () => null
  )

import { onChange } from '../lib/live.js'
import { isAborted } from '../lib/problem.js'
import { readsAreScarce } from '../lib/read-budget.js'
import { isWriting } from '../lib/writes.js'

/** Changes that come together are shown together. */
const SETTLE_MS = 150
const BUSY_MS = 250
const FAILED_MS = 5000
/** A list that was being loaded when the tab began to follow has hardly missed a change: it is loaded again later. */
const CATCH_UP_MS = 20_000
/** As often as this a list is loaded again, some of it in advance. */
const REFILL_MS = 2000
/** The same when few reads are left to the user. */
const SCARCE_MS = 8000
const BURST = 10

/**
 * Keeps an infinite list as it is on the server: loads what is shown again, quietly, after each change that concerns
 * it, `concerns(change)`. `onRefresh` is called then. Waits while a dialog is open, while the user's own changes are
 * being saved, and while nobody sees the page. A list of a `project` is left as it is while the user does not see that.
 * Returns `refresh`, which asks for it, and `stop`.
 */
export const keepLive = (list, options) => new LiveList(list, options)

class LiveList {
  #list
  #onRefresh
  #allowance = createAllowance()
  #isStale = false
  #isRunning = false
  #isStopped = false
  #isLost = false
  #timer
  #catchingUp
  #stopListening

  constructor(list, { concerns, project, onRefresh = () => {} }) {
    this.#list = list
    this.#onRefresh = onRefresh
    this.#stopListening = onChange((change) => {
      this.#followAccess(change, project)
      if (change === undefined && !list.isIdle) {
        this.#catchingUp = setTimeout(this.refresh, CATCH_UP_MS)
      } else if (change === undefined || concerns(change)) {
        this.refresh()
      }
    })
    addEventListener('visibilitychange', this.#onVisible)
    list.list.addEventListener('focusout', () => list.hasDeferred && this.refresh())
  }

  #followAccess(change, project) {
    if (change?.type.startsWith('access.') && change.resource.id === project?.id) {
      this.#isLost = change.type === 'access.lost'
    }
  }

  refresh = () => {
    this.#isStale = true
    this.#schedule(SETTLE_MS)
  }

  stop = () => {
    clearTimeout(this.#timer)
    clearTimeout(this.#catchingUp)
    this.#isStopped = true
    this.#stopListening()
    removeEventListener('visibilitychange', this.#onVisible)
  }

  #onVisible = () => this.#isStale && this.#schedule(0)

  #schedule(ms) {
    if (!this.#isRunning && !this.#isStopped && this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#run(), ms)
    }
  }

  async #run() {
    this.#timer = undefined
    if (document.hidden || this.#isLost) {
      return
    }
    const wait = isInterrupting() || !this.#list.isIdle ? BUSY_MS : this.#allowance.waitMs()
    if (wait > 0) {
      this.#schedule(wait)
      return
    }
    this.#isStale = false
    this.#isRunning = true
    const next = await this.#attempt()
    this.#isRunning = false
    if (this.#isStale) {
      this.#schedule(next)
    }
  }

  /** Loads the list again, and returns how long to wait before the next time. */
  async #attempt() {
    try {
      this.#allowance.take()
      if (await this.#list.refresh()) {
        this.#onRefresh()
        return SETTLE_MS
      }
      this.#isStale = true
      return BUSY_MS
    } catch (error) {
      // It is being loaded from its start.
      if (isAborted(error)) {
        return SETTLE_MS
      }
      // What is gone for good is reported by its page.
      this.#isStale = error.status !== 404
      return Math.max(FAILED_MS, (error.retryAfter ?? 0) * 1000)
    }
  }
}

const isInterrupting = () => isWriting() || document.querySelector('dialog[open]') !== null

/** A number of turns at once, and one more every few seconds. */
function createAllowance() {
  let left = BURST
  let countedAt = Date.now()
  return {
    waitMs: () => {
      const every = readsAreScarce() ? SCARCE_MS : REFILL_MS
      const refilled = Math.floor((Date.now() - countedAt) / every)
      left = Math.min(readsAreScarce() ? 1 : BURST, left + refilled)
      countedAt += refilled * every
      return left > 0 ? 0 : countedAt + every - Date.now()
    },
    take: () => {
      left--
    }
  }
}

import { QUIETLY } from '../lib/api.js'
import { h, replace } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { writeCount } from '../lib/writes.js'
import { button } from './button.js'
import { keepingFocus } from './keep-focus.js'
import { problemBox } from './problem-box.js'
import { rowsOf } from './rows.js'

/** How far above the end of the list the next page is loaded. */
const LOAD_AHEAD = '600px'
/** Pages that are loaded again at once. Rows behind them stay as they are. */
const MAX_REFRESHED = 5

/**
 * Creates a list that loads further pages by cursor as the user reaches its end, by scrolling or by button.
 * - `load(cursor, signal, options)` fetches a page by a call with these options; `row(item)` creates an item's node.
 * - `update(node, item)` shows an item that has changed, and returns its node, by default a new one; undefined when it
 *   has to wait. `idOf(item)` is what the node has as `data-id`.
 * - `empty()` creates what an empty list shows; `noun` names one and many items.
 * - `keep(node)` tells which rows survive a reload, untouched.
 * - With `byHand` further pages are loaded only by the button, which says `more`, and no total is shown.
 */
export const infiniteList = (options) => new InfiniteList(options)

class InfiniteList {
  #options
  #foot = h('div', { class: 'list-foot' })
  #status = h('p', { class: 'list-status', role: 'status' })
  #progress = startProgress()
  #observer
  #rows

  constructor({ list = h('ul', { class: 'rows' }), noun = ['entry', 'entries'], ...options }) {
    this.#options = { noun, ...options }
    this.#rows = rowsOf(list, options)
    this.list = list
    this.node = h('div', { class: 'infinite-list' }, list, this.#foot, this.#status)
    this.#observer = new IntersectionObserver(
      ([entry]) => {
        if (entry.isIntersecting && this.#progress.hasMore && !this.#options.byHand) {
          this.#loadNext()
        }
      },
      { rootMargin: LOAD_AHEAD }
    )
    this.#observer.observe(this.#foot)
  }

  /** Tells whether nothing is being loaded. */
  get isIdle() {
    return !this.#progress.isLoading
  }

  /** Tells whether a row could not be shown as it is now, because something was being chosen in it. */
  get hasDeferred() {
    return this.#rows.hasDeferred
  }

  /** Loads the list from its start. */
  reload = () => {
    this.#progress.abort()
    this.#progress = startProgress()
    return this.#loadNext()
  }

  /**
   * Loads what is shown again, and changes only what differs. Resolves to false when the user changed something
   * meanwhile, so that it has to be done again. Only for a list that `isIdle`.
   */
  refresh = async () => {
    const progress = this.#progress
    if (!progress.isLoaded) {
      return true
    }
    progress.isLoading = true
    try {
      const writes = writeCount()
      const fresh = await this.#loadAgain(progress)
      if (progress.signal.aborted || writes !== writeCount()) {
        return false
      }
      this.#showFresh(progress, fresh)
      return true
    } finally {
      progress.isLoading = false
      this.#observeAgain(progress)
    }
  }

  async #loadAgain({ loaded, signal }) {
    const items = []
    let cursor
    let hasMore = true
    for (let pages = 0; hasMore && pages < MAX_REFRESHED; pages++) {
      const page = await this.#options.load(cursor, signal, QUIETLY)
      items.push(...page.data)
      cursor = page.pagination.next_cursor ?? undefined
      hasMore = page.pagination.has_more
      if (items.length >= loaded) {
        break
      }
    }
    return { items, cursor, hasMore }
  }

  #showFresh(progress, { items, cursor, hasMore }) {
    const isCut = hasMore && items.length < progress.loaded
    this.#rows.show(items, { keepsRest: isCut })
    if (!isCut) {
      Object.assign(progress, { loaded: items.length, cursor, hasMore })
    }
    this.#showFoot()
  }

  /** Aborts loading for good. */
  stop = () => {
    this.#progress.abort()
    this.#observer.disconnect()
  }

  /** Updates the count after rows were added to `list` or removed from it. */
  updateCount = () => {
    if (!this.#progress.isLoading) {
      this.#showFoot()
    }
  }

  #loadNext = async () => {
    const progress = this.#progress
    if (progress.isLoading) {
      return
    }
    progress.isLoading = true
    progress.hasMore = false
    this.list.setAttribute('aria-busy', 'true')
    replace(this.#foot, h('span', { class: 'loading' }, 'Loading…'))
    await this.#loadPage(progress)
    this.#observeAgain(progress)
  }

  /** The observer reports changes only, and the end may still be in sight. */
  #observeAgain({ hasMore, signal }) {
    if (hasMore && !signal.aborted) {
      this.#observer.unobserve(this.#foot)
      this.#observer.observe(this.#foot)
    }
  }

  async #loadPage(progress) {
    const { signal } = progress
    try {
      const page = await this.#options.load(progress.cursor, signal)
      if (!signal.aborted) {
        this.#addPage(progress, page)
        this.#showFoot()
      }
    } catch (error) {
      if (!signal.aborted && !isAborted(error)) {
        replace(this.#foot, problemBox(error, { retry: this.#loadNext }))
      }
    } finally {
      if (!signal.aborted) {
        progress.isLoading = false
        this.list.removeAttribute('aria-busy')
      }
    }
  }

  #addPage(progress, { data, pagination }) {
    if (progress.cursor === undefined) {
      this.#rows.clear()
    }
    this.#rows.add(data)
    progress.isLoaded = true
    progress.loaded += data.length
    progress.cursor = pagination.next_cursor ?? undefined
    progress.hasMore = pagination.has_more
  }

  #showFoot() {
    const { hasMore, loaded } = this.#progress
    const status = hasMore ? `${loaded} ${this.#options.noun[1]} loaded so far` : ''
    // Written anew, it would be read out again.
    if (status !== this.#status.textContent) {
      this.#status.textContent = status
    }
    const foot = hasMore
      ? button(this.#options.more ?? 'Load more', this.#loadNext, { kind: 'button-quiet' })
      : this.#end()
    keepingFocus(this.#foot, this.#foot, () => replace(this.#foot, foot))
  }

  #end() {
    const { empty, noun, byHand } = this.#options
    const count = this.list.querySelectorAll(':scope > :not(.group-head)').length
    if (count === 0) {
      return empty()
    }
    if (byHand) {
      return []
    }
    const text = `${count.toLocaleString()} ${count === 1 ? noun[0] : noun[1]} in total`
    return h('p', { class: 'list-end' }, text)
  }
}

/** Tracks how far a list is loaded. A reload aborts it and starts another. */
function startProgress() {
  const controller = new AbortController()
  return {
    cursor: undefined,
    loaded: 0,
    isLoading: false,
    hasMore: false,
    signal: controller.signal,
    abort: () => controller.abort()
  }
}

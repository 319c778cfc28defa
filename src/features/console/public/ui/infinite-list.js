import { h, replace } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { button } from './button.js'
import { problemBox } from './problem-box.js'

/** How far above the end of the list the next page is loaded. */
const LOAD_AHEAD = '600px'

/**
 * Creates a list that loads further pages by cursor as the user reaches its end, by scrolling or by button.
 * - `load(cursor, signal)` fetches a page; `row(item)` creates the node of an item.
 * - `empty()` creates what an empty list shows; `noun` names one and many items.
 * - `keep(node)` tells which rows survive a reload.
 */
export const infiniteList = (options) => new InfiniteList(options)

class InfiniteList {
  #options
  #foot = h('div', { class: 'list-foot' })
  #status = h('p', { class: 'list-status', role: 'status' })
  #progress = startProgress()
  #observer

  constructor({
    list = h('ul', { class: 'rows' }),
    noun = ['entry', 'entries'],
    keep = () => false,
    ...options
  }) {
    this.#options = { noun, keep, ...options }
    this.list = list
    this.node = h('div', { class: 'infinite-list' }, list, this.#foot, this.#status)
    this.#observer = new IntersectionObserver(
      ([entry]) => {
        if (entry.isIntersecting && this.#progress.hasMore) {
          this.#loadNext()
        }
      },
      { rootMargin: LOAD_AHEAD }
    )
    this.#observer.observe(this.#foot)
  }

  /** Loads the list from its start. */
  reload = () => {
    this.#progress.abort()
    this.#progress = startProgress()
    return this.#loadNext()
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
    // The observer reports changes only, and the end may still be in sight.
    if (progress.hasMore && !progress.signal.aborted) {
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
    const { list } = this
    const { keep, row } = this.#options
    if (progress.cursor === undefined) {
      list.replaceChildren(...[...list.children].filter(keep))
    }
    // A row that was added from outside is part of its page as well.
    const present = new Set([...list.children].map(({ dataset }) => dataset.id))
    list.append(...data.filter(({ id }) => id === undefined || !present.has(id)).map(row))
    progress.loaded += data.length
    progress.cursor = pagination.next_cursor ?? undefined
    progress.hasMore = pagination.has_more
  }

  #showFoot() {
    const { hasMore, loaded } = this.#progress
    this.#status.textContent = hasMore ? `${loaded} ${this.#options.noun[1]} loaded so far` : ''
    replace(
      this.#foot,
      hasMore ? button('Load more', this.#loadNext, { kind: 'button-quiet' }) : this.#end()
    )
  }

  #end() {
    const { empty, noun } = this.#options
    const count = this.list.childElementCount
    if (count === 0) {
      return empty()
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

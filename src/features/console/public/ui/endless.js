import { h, replace } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { problemBox } from './problem-box.js'

/** How far ahead of the end of the list the next page is fetched. */
const AHEAD = '600px'

/**
 * A list that goes on by cursor as one reaches its end, by scrolling or by button. `load(cursor, signal)` gives a page,
 * `row(item)` its node, `empty()` what stands there when there is nothing. Rows that `keep` names stay through a reload.
 * `stop` gives up what is under way.
 */
export function endless({
  load,
  row,
  empty,
  list = h('ul', { class: 'rows' }),
  counted: [one, many] = ['entry', 'entries'],
  keep = () => false
}) {
  const foot = h('div', { class: 'list-foot' })
  const status = h('p', { class: 'list-status', role: 'status' })
  let cursor
  let shown = 0
  let wanted = new AbortController()
  let isLoading = false
  let mayGoOn = false

  const next = async () => {
    if (isLoading) {
      return
    }
    isLoading = true
    mayGoOn = false
    const { signal } = wanted
    list.setAttribute('aria-busy', 'true')
    replace(foot, h('span', { class: 'loading' }, 'Loading…'))
    try {
      const { data, pagination } = await load(cursor, signal)
      if (signal.aborted) {
        return
      }
      if (cursor === undefined) {
        list.replaceChildren(...[...list.children].filter(keep))
      }
      // A row that was put in by hand stands in its page as well.
      const here = new Set([...list.children].map(({ dataset }) => dataset.id))
      list.append(...data.filter(({ id }) => id === undefined || !here.has(id)).map(row))
      shown += data.length
      cursor = pagination.next_cursor ?? undefined
      mayGoOn = pagination.has_more
      finish()
    } catch (error) {
      if (!signal.aborted && !isAborted(error)) {
        replace(foot, problemBox(error, { again: () => next() }))
      }
    } finally {
      if (!signal.aborted) {
        isLoading = false
        list.removeAttribute('aria-busy')
      }
    }
    // The end may still be in sight: the observer speaks up only when that changes.
    if (mayGoOn && !signal.aborted) {
      observer.unobserve(foot)
      observer.observe(foot)
    }
  }

  const finish = () => {
    status.textContent = mayGoOn ? `${shown} ${many} shown so far` : ''
    if (mayGoOn) {
      replace(
        foot,
        h('button', { type: 'button', class: 'button button-quiet', onclick: next }, 'Load more')
      )
    } else if (list.childElementCount === 0) {
      replace(foot, empty())
    } else {
      replace(
        foot,
        h(
          'p',
          { class: 'list-end' },
          `${list.childElementCount.toLocaleString()} ${list.childElementCount === 1 ? one : many}, that is all`
        )
      )
    }
  }

  const observer = new IntersectionObserver(
    ([entry]) => {
      if (entry.isIntersecting && mayGoOn) {
        next()
      }
    },
    { rootMargin: AHEAD }
  )
  const stop = () => {
    wanted.abort()
    observer.disconnect()
  }
  const reload = () => {
    wanted.abort()
    wanted = new AbortController()
    cursor = undefined
    shown = 0
    isLoading = false
    return next()
  }
  /** The number of rows has changed by hand. */
  const recount = () => {
    if (!isLoading) {
      finish()
    }
  }

  observer.observe(foot)
  return { node: h('div', { class: 'endless' }, list, foot, status), list, reload, stop, recount }
}

/** What stands where there is nothing yet: a few words and what to do about it. */
export const emptyState = (title, text, ...acts) =>
  h(
    'div',
    { class: 'empty' },
    h('p', { class: 'empty-title' }, title),
    h('p', {}, text),
    acts.length > 0 && h('div', { class: 'actions' }, acts)
  )

import { h, replace } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { page, setPageTitle } from './page.js'
import { problemBox } from './problem-box.js'

/**
 * A page about something that has to be loaded first: `load(signal)` loads it, `create(loaded)` makes the page, and
 * `missing()` the one for what does not exist.
 */
export function loadedPage({ title, load, create, missing }) {
  const abort = new AbortController()
  const node = h(
    'div',
    {},
    page({ title }, h('p', { class: 'loading', role: 'status' }, 'Loading…'))
  )
  const keys = []
  let inner
  const show = (next) => {
    inner?.stop?.()
    inner = next
    const hadFocus =
      document.activeElement === document.body || node.contains(document.activeElement)
    replace(node, next.node)
    keys.splice(0, keys.length, ...(next.keys ?? []))
    setPageTitle(next.title)
    if (hadFocus) {
      node.querySelector('h1').focus({ preventScroll: true })
    }
  }
  const attempt = async () => {
    try {
      const loaded = await load(abort.signal)
      if (!abort.signal.aborted) {
        show(create(loaded))
      }
    } catch (error) {
      if (abort.signal.aborted || isAborted(error)) {
        return
      }
      show(error.status === 404 ? missing() : failed(title, error, attempt))
    }
  }
  attempt()
  return {
    title,
    node,
    keys,
    /** Loads and makes the page anew. */
    reload: attempt,
    /** Shows that it does not exist any more, without asking. */
    showMissing: () => show(missing()),
    /** Shows what the present page can show without being made anew. */
    update: (loaded) => loaded && inner?.update?.(loaded),
    stop: () => {
      abort.abort()
      inner?.stop?.()
    }
  }
}

const failed = (title, error, retry) => ({
  title,
  node: page({ title }, problemBox(error, { retry }))
})

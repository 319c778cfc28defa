import { h, replace } from '../lib/dom.js'
import { page, setPageTitle } from './page.js'
import { problemBox } from './problem-box.js'
import { setPageShortcuts } from './shortcuts.js'

let later

/** Loads what the first page does not need, and resolves to it. */
export const loadLater = async () => {
  later ??= await import('../later.js')
  return later
}

/** A page that is created by a function of `later.js`. Its title is shown where that has not been loaded yet. */
export const lazyPage = (title, name) => (query, id) =>
  later ? later[name](query, id) : pageToCome(title, name, [query, id])

function pageToCome(title, name, parameters) {
  const node = h('div', {})
  let isStopped = false
  let inner
  const show = (next) => {
    const hadFocus =
      document.activeElement === document.body || node.contains(document.activeElement)
    replace(node, next)
    if (hadFocus) {
      const first = node.querySelector('[autofocus]') ?? node.querySelector('h1')
      first?.focus({ preventScroll: true })
    }
  }
  const attempt = async () => {
    show(page({ title }, h('p', { class: 'loading', role: 'status' }, 'Loading…')))
    try {
      const create = (await loadLater())[name]
      if (isStopped) {
        return
      }
      inner = create(...parameters)
      show(inner.node)
      setPageShortcuts(inner.keys)
      setPageTitle(inner.title)
    } catch (error) {
      if (!isStopped) {
        show(page({ title }, problemBox(error, { retry: attempt })))
      }
    }
  }
  attempt()
  return {
    title,
    node,
    stop: () => {
      isStopped = true
      inner?.stop?.()
    }
  }
}

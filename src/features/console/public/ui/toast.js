import { h } from '../lib/dom.js'
import { icon } from './icons.js'
import { requestId } from './problem-box.js'

const SHOWN_MS = 10_000
const MOST = 4
let last

/** Says something in passing. With `undo` it can be taken back for a while; it stays while it is looked at. */
export function toast(text, { undo, error } = {}) {
  const region = document.getElementById('toasts')
  const close = () => {
    clearTimeout(timer)
    box.remove()
    if (last === take) {
      last = undefined
    }
  }
  const take =
    undo &&
    (async () => {
      close()
      await undo()
    })
  const box = h(
    'div',
    { class: `toast${error ? ' toast-error' : ''}`, ...(error && { role: 'alert' }) },
    h(
      'div',
      { class: 'toast-words' },
      h('p', {}, text),
      error && h('p', {}, error.message),
      error && requestId(error)
    ),
    undo &&
      h(
        'button',
        { type: 'button', class: 'button button-quiet', onclick: take },
        icon('undo'),
        'Undo'
      ),
    h(
      'button',
      { type: 'button', class: 'icon-button', 'aria-label': 'Dismiss', onclick: close },
      icon('close')
    )
  )
  let timer
  const rest = () => {
    clearTimeout(timer)
  }
  const go = () => {
    rest()
    timer = setTimeout(close, error ? 2 * SHOWN_MS : SHOWN_MS)
  }
  for (const type of ['pointerenter', 'focusin']) {
    box.addEventListener(type, rest)
  }
  for (const type of ['pointerleave', 'focusout']) {
    box.addEventListener(type, go)
  }
  go()
  region.append(box)
  while (region.children.length > MOST) {
    region.firstElementChild.remove()
  }
  if (take) {
    last = take
  }
}

/** Says what went wrong. */
export const toastProblem = (text, error) => toast(text, { error })

/** Takes back what was offered last; false when there is nothing. */
export function undoLast() {
  if (!last) {
    return false
  }
  last()
  return true
}

/** Old messages are not for the next person. */
export function clearToasts() {
  document.getElementById('toasts').replaceChildren()
  last = undefined
}

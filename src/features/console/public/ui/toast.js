import { h } from '../lib/dom.js'
import { button, iconButton } from './button.js'
import { icon } from './icons.js'
import { requestId } from './problem-box.js'

const SHOWN_MS = 10_000
const MAX_TOASTS = 4
let lastUndo

/** Shows a message for a while. With `undo` it offers to take the action back. It stays while the pointer is on it. */
export function toast(text, { undo, error } = {}) {
  const region = document.getElementById('toasts')
  const close = () => {
    stopTimer()
    node.remove()
    if (lastUndo === undoAndClose) {
      lastUndo = undefined
    }
  }
  const undoAndClose =
    undo &&
    (async () => {
      close()
      await undo()
    })
  const node = toastNode(text, { error, undo: undoAndClose, close })
  const stopTimer = closeAfter(node, error ? 2 * SHOWN_MS : SHOWN_MS, close)
  region.append(node)
  while (region.children.length > MAX_TOASTS) {
    region.firstElementChild.remove()
  }
  if (undoAndClose) {
    lastUndo = undoAndClose
  }
}

const toastNode = (text, { error, undo, close }) =>
  h(
    'div',
    { class: `toast${error ? ' toast-error' : ''}`, ...(error && { role: 'alert' }) },
    h(
      'div',
      { class: 'toast-text' },
      h('p', {}, text),
      error && h('p', {}, error.message),
      error && requestId(error)
    ),
    undo && button([icon('undo'), 'Undo'], undo, { kind: 'button-quiet' }),
    iconButton('close', 'Dismiss', close)
  )

/** Closes after `ms`, not counting the time under the pointer or with the focus. Returns how to stop the timer. */
function closeAfter(node, ms, close) {
  let timer
  const stop = () => clearTimeout(timer)
  const start = () => {
    stop()
    timer = setTimeout(close, ms)
  }
  for (const type of ['pointerenter', 'focusin']) {
    node.addEventListener(type, stop)
  }
  for (const type of ['pointerleave', 'focusout']) {
    node.addEventListener(type, start)
  }
  start()
  return stop
}

/** Shows what failed, why, and the request id. */
export const toastProblem = (text, error) => toast(text, { error })

/** Undoes the last action that offered it. Returns false when there is none. */
export function undoLast() {
  if (!lastUndo) {
    return false
  }
  lastUndo()
  return true
}

/** Removes all messages, which are not meant for the next user. */
export function clearToasts() {
  document.getElementById('toasts').replaceChildren()
  lastUndo = undefined
}

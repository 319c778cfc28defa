import { h } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { forgetChanges, newestChange, remember, takeBack } from '../lib/undo.js'
import { button, iconButton } from './button.js'
import { icon } from './icons.js'
import { requestId } from './problem-box.js'

const SHOWN_MS = 10_000
const MAX_TOASTS = 4

/**
 * Shows a message for a while. With `undo`, a function or a change that is remembered, it offers to take the action
 * back. It stays while the pointer is on it.
 */
export function toast(text, { undo, error } = {}) {
  const region = document.getElementById('toasts')
  const change = typeof undo === 'function' ? remember({ label: text, undo }) : undo
  const close = () => {
    stopTimer()
    node.remove()
  }
  const undoAndClose =
    change &&
    (() => {
      close()
      undoChange(change)
    })
  const node = toastNode(text, { error, undo: undoAndClose, close })
  const stopTimer = closeAfter(node, error ? 2 * SHOWN_MS : SHOWN_MS, close)
  shownFor.set(node, change)
  region.append(node)
  while (region.children.length > MAX_TOASTS) {
    region.firstElementChild.remove()
  }
}

/** The change that each message is about. */
const shownFor = new WeakMap()

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

/** Undoes the newest change that was made here. Returns false when there is none. */
export function undoLast() {
  const change = newestChange()
  if (!change) {
    return false
  }
  for (const node of document.getElementById('toasts').children) {
    if (shownFor.get(node) === change) {
      node.remove()
    }
  }
  undoChange(change)
  return true
}

/** Takes a change back, and says what became of it. */
async function undoChange(change) {
  try {
    if ((await takeBack(change)) && change.steps) {
      toast(`Undone: ${change.label}.`)
    }
  } catch (error) {
    if (!isAborted(error)) {
      const isStale = error.status === 412 || error.status === 404
      const reason = isStale
        ? 'It was changed or deleted since, so nothing was undone'
        : 'Not undone'
      toastProblem(`${reason}: ${change.label}.`, error)
    }
  }
}

/** Removes all messages and forgets the changes, which are not meant for the next user. */
export function clearToasts() {
  document.getElementById('toasts').replaceChildren()
  forgetChanges()
}

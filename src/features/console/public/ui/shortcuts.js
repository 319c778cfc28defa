import { h } from '../lib/dom.js'
import { openDialog } from './dialog.js'

const STORAGE_KEY = 'shortcuts'
let pageShortcuts = []
let globalShortcuts = []

/** Sets the shortcuts of the current page: `[key, label, action]`. */
export const setPageShortcuts = (shortcuts = []) => {
  pageShortcuts = shortcuts
}
export const pageShortcutsNow = () => pageShortcuts
/** Sets the shortcuts that work on every page. */
export const setGlobalShortcuts = (shortcuts) => {
  globalShortcuts = shortcuts
}
const allShortcuts = () => [...pageShortcuts, ...globalShortcuts]

const isEnabled = () => {
  try {
    return localStorage.getItem(STORAGE_KEY) !== 'off'
  } catch {
    return true
  }
}
const isTyping = (target) =>
  target instanceof Element &&
  target.closest('input:not([type=checkbox]), textarea, select, [contenteditable]') !== null
const isForShortcuts = (event) =>
  !event.ctrlKey &&
  !event.metaKey &&
  !event.altKey &&
  !isTyping(event.target) &&
  document.querySelector('dialog[open]') === null &&
  isEnabled()

addEventListener('keydown', (event) => {
  if (!isForShortcuts(event)) {
    return
  }
  const [, , action] = allShortcuts().find(([key]) => key === event.key) ?? []
  // An action returns false when there was nothing to do.
  if (action && action(event) !== false) {
    event.preventDefault()
  }
})

/** Leaves an input by Escape for the start of the page, where keys are shortcuts again. What was typed stays. */
export function leaveByEscape(event) {
  if (event.key === 'Escape' && !event.defaultPrevented) {
    document.querySelector('main h1')?.focus({ preventScroll: true })
  }
}

/** Calls the action for Ctrl+Z or Cmd+Z, but where text is typed, whose undo is the browser's. */
export const onUndoKey = (undo) =>
  addEventListener('keydown', (event) => {
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey
    const isHere = !isTyping(event.target) && document.querySelector('dialog[open]') === null
    if (isUndo && event.key.toLowerCase() === 'z' && isHere && undo() !== false) {
      event.preventDefault()
    }
  })

/** Lists the shortcuts. They can be turned off, which users of speech input need (WCAG 2.1.4). */
export function showShortcuts() {
  const entries = allShortcuts().map(([key, label]) =>
    h('div', {}, h('dt', {}, h('kbd', {}, key)), h('dd', {}, label))
  )
  openDialog({
    title: 'Keyboard shortcuts',
    body: () => [
      h('dl', { class: 'keys' }, entries),
      h(
        'label',
        { class: 'check' },
        h('input', { type: 'checkbox', checked: isEnabled(), onchange: storeChoice }),
        'Enable keyboard shortcuts'
      )
    ]
  })
}

function storeChoice({ target }) {
  try {
    localStorage.setItem(STORAGE_KEY, target.checked ? 'on' : 'off')
  } catch {
    target.checked = true
  }
}

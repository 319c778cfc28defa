import { h } from '../lib/dom.js'
import { openDialog } from './dialog.js'

const KEEP = 'shortcuts'
let page = []
let everywhere = []

/** Keys of the page in sight: `[key, words, act]`. */
export const usePageShortcuts = (shortcuts = []) => {
  page = shortcuts
}
/** Keys that work wherever one is. */
export const useShortcuts = (shortcuts) => {
  everywhere = shortcuts
}

const areOn = () => {
  try {
    return localStorage.getItem(KEEP) !== 'off'
  } catch {
    return true
  }
}
const isTyping = (target) =>
  target instanceof Element &&
  target.closest('input:not([type=checkbox]), textarea, select, [contenteditable]') !== null

addEventListener('keydown', (event) => {
  if (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    isTyping(event.target) ||
    document.querySelector('dialog[open]') ||
    !areOn()
  ) {
    return
  }
  const found = [...page, ...everywhere].find(([key]) => key === event.key)
  if (!found || found[2](event) === false) {
    return
  }
  event.preventDefault()
})

/** Lists the keys, and lets people turn them off who speak to their computer or brush keys by accident (WCAG 2.1.4). */
export function showShortcuts() {
  openDialog({
    title: 'Keyboard shortcuts',
    body: () => [
      h(
        'dl',
        { class: 'keys' },
        [...page, ...everywhere]
          .filter(([, words]) => words)
          .map(([key, words]) => h('div', {}, h('dt', {}, h('kbd', {}, key)), h('dd', {}, words)))
      ),
      h(
        'label',
        { class: 'check' },
        h('input', {
          type: 'checkbox',
          checked: areOn(),
          onchange: ({ target }) => {
            try {
              localStorage.setItem(KEEP, target.checked ? 'on' : 'off')
            } catch {
              target.checked = true
            }
          }
        }),
        'Shortcuts are on'
      )
    ]
  })
}

import { h, replace } from '../lib/dom.js'

const KINDS = {
  due: 'Due',
  priority: 'Priority',
  tag: 'Tag',
  assignee: 'Assigned to',
  project: 'Project'
}

/**
 * Shows what was understood of a title, before it is saved. `onRemove(part)` is called for what the user wants to be a
 * part of the title after all.
 */
export function quickChips(onRemove) {
  const list = h('ul', { class: 'chips quick-chips', 'aria-label': 'Understood as' })
  const status = h('p', { class: 'visually-hidden', role: 'status' })
  let shown = ''
  return {
    node: h('div', { class: 'quick-understood' }, list, status),
    show: (parts) => {
      const text = parts.map((part) => `${KINDS[part.kind]}: ${part.label}`).join(', ')
      if (text === shown) {
        return
      }
      shown = text
      status.textContent = text
      const chips = parts.map((part) => chip(part, () => onRemove(part)))
      replace(list, chips)
    }
  }
}

const chip = (part, remove) =>
  h(
    'li',
    { class: `chip chip-${part.kind}` },
    h('span', {}, h('span', { class: 'chip-kind' }, `${KINDS[part.kind]} `), part.label),
    h(
      'button',
      {
        type: 'button',
        'aria-label': `Keep “${part.source.trim()}” in the title`,
        title: `Keep “${part.source.trim()}” in the title`,
        onclick: remove
      },
      '×'
    )
  )

/** What was understood, in a line of text. */
export const describeParts = (parts) => parts.map(({ label }) => label).join(' · ')

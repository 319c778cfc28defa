import { h } from '../lib/dom.js'
import { actions } from './page.js'

/** What an empty list shows: why it is empty and what the user can do. */
export const emptyState = (title, text, ...buttons) =>
  h(
    'div',
    { class: 'empty' },
    h('p', { class: 'empty-title' }, title),
    h('p', {}, text),
    buttons.length > 0 && actions(buttons)
  )

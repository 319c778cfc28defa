import { h } from '../lib/dom.js'

/** A titled part of a page. */
export const panel = (title, ...children) =>
  h('section', { class: 'panel', 'aria-label': title }, h('h2', {}, title), children)

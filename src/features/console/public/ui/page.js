import { h } from '../lib/dom.js'

/** A page: its heading, what is shown beside the heading, and its content. */
export const page = ({ title, beside }, ...content) =>
  h(
    'section',
    { class: 'page' },
    h('div', { class: 'page-head' }, h('h1', { tabindex: '-1' }, title), beside),
    content
  )

/** A page of the log-in layout. */
export const card = (title, ...content) =>
  h('section', { class: 'card' }, h('h1', { tabindex: '-1' }, title), content)

/** A titled section of a page. */
export const panel = (title, ...content) =>
  h('section', { class: 'panel', 'aria-label': title }, h('h2', {}, title), content)

/** Buttons beside each other. */
export const actions = (...buttons) => h('div', { class: 'actions' }, buttons)

export const muted = (text) => h('p', { class: 'muted' }, text)

/** Writes the title of the page into that of the window. */
export const setPageTitle = (title) => {
  document.title = `${title} · Tasklane`
}

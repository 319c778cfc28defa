import { h } from '../lib/dom.js'

/** The main part of a row in a list: its title and what is shown beneath. */
export const rowMain = (title, ...beneath) =>
  h('div', { class: 'row-main' }, h('p', { class: 'row-title' }, title), beneath)

/** The line of details beneath a row's title. */
export const rowDetails = (...details) => h('p', { class: 'row-details' }, details)

/** The buttons at the end of a row. */
export const rowActions = (...buttons) => h('div', { class: 'row-actions' }, buttons)

export const badge = (text, kind = '') => h('span', { class: `badge ${kind}`.trim() }, text)

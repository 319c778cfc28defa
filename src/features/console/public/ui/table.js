import { h } from '../lib/dom.js'

/** The head of a table. */
export const tableHead = (labels) => {
  const cells = labels.map((label) => h('th', { scope: 'col' }, label))
  return h('thead', {}, h('tr', {}, cells))
}

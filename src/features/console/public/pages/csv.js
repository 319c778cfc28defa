import { h } from '../lib/dom.js'
import { exportPanel } from './export.js'
import { importPanel } from './import.js'

/** Tasks from files, and tasks to take along. */
export function csvPage() {
  const importing = importPanel()
  const exporting = exportPanel()
  return {
    title: 'Import & export',
    stop: () => {
      importing.stop()
      exporting.stop()
    },
    node: h(
      'section',
      { class: 'page' },
      h('div', { class: 'page-head' }, h('h1', { tabindex: '-1' }, 'Import & export')),
      importing.node,
      exporting.node
    )
  }
}

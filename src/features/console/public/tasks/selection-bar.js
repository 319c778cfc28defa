import { h } from '../lib/dom.js'
import { button, iconButton } from '../ui/button.js'
import { icon } from '../ui/icons.js'
import { batchActions } from './batch-actions.js'

/** The bar of what can be done with the selected tasks: `run(action)` is called for one, `clear()` for none. */
export function selectionBar({ run, clear }) {
  const count = h('p', { class: 'selection-count', role: 'status' })
  const buttons = Object.values(batchActions()).map(({ label, picture, run: action }) =>
    button([icon(picture), h('span', {}, label)], () => run(action), {
      kind: 'button-quiet',
      title: label
    })
  )
  const node = h(
    'div',
    { class: 'selection-bar', role: 'toolbar', 'aria-label': 'Selected tasks' },
    count,
    h('div', { class: 'selection-actions' }, buttons),
    iconButton('close', 'Clear the selection', clear, { title: 'Clear (Escape)' })
  )
  return {
    node,
    hasFocus: () => node.contains(document.activeElement),
    show: (number) => {
      const text = number === 0 ? '' : `${number} selected`
      if (count.textContent !== text) {
        count.textContent = text
      }
      node.classList.toggle('selection-open', number > 0)
    }
  }
}

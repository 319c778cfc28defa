import { h } from '../lib/dom.js'
import { button } from './button.js'
import { openDialog } from './dialog.js'
import { icon } from './icons.js'
import { actions } from './page.js'

/** Shows a secret that the server shows only once: `what` it is, also as a `noun`, and a text about it. */
export function showSecret({ title, text, what, noun, secret }) {
  const node = h('output', { class: 'secret', tabindex: '0', 'aria-label': what }, secret)
  const status = h('span', { role: 'status' })
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(secret)
      status.textContent = 'Copied.'
    } catch {
      getSelection().selectAllChildren(node)
      status.textContent = `The browser did not allow copying. Press Ctrl+C to copy the selected ${noun}.`
    }
  }
  return openDialog({
    title,
    kind: 'dialog-wide',
    closable: false,
    body: (close) => [
      h('p', {}, text),
      node,
      actions(
        button([icon('copy'), 'Copy'], copy, { kind: 'button-primary', autofocus: true }),
        button('Done', () => close()),
        status
      )
    ]
  })
}

import { h } from '../lib/dom.js'
import { button } from './button.js'
import { openDialog } from './dialog.js'
import { field } from './form.js'
import { actions } from './page.js'

/** Shows a link that is shown only once, to be handed over by the user. */
export function showSecretLink({ title, text, url }) {
  return openDialog({
    title,
    body: (close) => {
      const link = field({ label: 'Link', name: 'link', value: url, readonly: true })
      link.input.addEventListener('focus', () => link.input.select())
      return [
        h('p', {}, text),
        link.node,
        actions(button('Done', () => close(), { kind: 'button-primary', autofocus: true }))
      ]
    }
  })
}

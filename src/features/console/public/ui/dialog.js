import { h, newId } from '../lib/dom.js'
import { button, iconButton } from './button.js'
import { keepCaret } from './keep-caret.js'
import { actions } from './page.js'

/**
 * Opens a modal dialog. The browser keeps the focus inside, closes it on Escape and restores the focus. `body` gets a
 * function that closes the dialog. Resolves to the value it was closed with, undefined after Escape.
 */
export function openDialog({ title, body, kind = '', closable = true }) {
  return new Promise((resolve) => {
    const id = newId('title')
    const restoreCaret = keepCaret()
    let outcome
    const close = (value) => {
      outcome = value
      dialog.close()
    }
    const dialog = h(
      'dialog',
      { class: `dialog ${kind}`, 'aria-labelledby': id },
      h(
        'header',
        { class: 'dialog-head' },
        h('h2', { id }, title),
        closable && iconButton('close', 'Close', () => close())
      ),
      h('div', { class: 'dialog-body' }, body(close))
    )
    if (!closable) {
      dialog.addEventListener('cancel', (event) => event.preventDefault())
    }
    dialog.addEventListener('close', () => {
      dialog.remove()
      restoreCaret()
      resolve(outcome)
    })
    document.body.append(dialog)
    dialog.showModal()
    dialog.querySelector('[autofocus]')?.focus()
  })
}

/** Asks for a confirmation. Resolves to true when the user confirms. */
export async function confirm({ title, text, confirmLabel }) {
  const outcome = await openDialog({
    title,
    body: (close) => [
      h('p', {}, text),
      actions(
        button(confirmLabel, () => close(true), { kind: 'button-danger' }),
        button('Cancel', () => close(false), { autofocus: true })
      )
    ]
  })
  return outcome === true
}

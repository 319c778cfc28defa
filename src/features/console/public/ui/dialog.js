import { h, newId } from '../lib/dom.js'
import { icon } from './icons.js'

/**
 * Opens a dialog over the page: the browser keeps the focus inside, ends it by Escape and gives the focus back. `body`
 * is made with a function that closes it. Resolves to what it was closed with, undefined for Escape.
 */
export function openDialog({ title, body, kind = '', closable = true }) {
  return new Promise((resolve) => {
    const id = newId('title')
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
        closable &&
          h(
            'button',
            { type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: () => close() },
            icon('close')
          )
      ),
      h('div', { class: 'dialog-body' }, body(close))
    )
    if (!closable) {
      dialog.addEventListener('cancel', (event) => event.preventDefault())
    }
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(outcome)
    })
    document.body.append(dialog)
    dialog.showModal()
    dialog.querySelector('[autofocus]')?.focus()
  })
}

/** Asks before something that cannot be undone. True when it is wanted. */
export async function confirm({ title, text, act }) {
  return (
    (await openDialog({
      title,
      body: (close) => [
        h('p', {}, text),
        h(
          'div',
          { class: 'actions' },
          h(
            'button',
            { type: 'button', class: 'button button-danger', onclick: () => close(true) },
            act
          ),
          h(
            'button',
            { type: 'button', class: 'button', autofocus: true, onclick: () => close(false) },
            'Cancel'
          )
        )
      ]
    })) === true
  )
}

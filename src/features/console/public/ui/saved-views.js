import { h, replace } from '../lib/dom.js'
import {
  MAX_NAME,
  onSavedViews,
  removeView,
  renameView,
  savedViews,
  saveView
} from '../lib/saved-views.js'
import { button, iconButton } from './button.js'
import { openDialog } from './dialog.js'
import { field, form } from './form.js'
import { icon } from './icons.js'
import { toast } from './toast.js'

/** The saved views in the navigation. `markCurrent()` marks the one that is shown. */
export function savedViewLinks() {
  const node = h('ul', { class: 'side-views', 'aria-label': 'Saved views' })
  const markCurrent = () => {
    for (const link of node.querySelectorAll('a')) {
      if (link.getAttribute('href') === location.hash) {
        link.setAttribute('aria-current', 'page')
      } else {
        link.removeAttribute('aria-current')
      }
    }
  }
  const show = () => {
    replace(node, ...savedViews().map(viewItem))
    node.hidden = node.childElementCount === 0
    markCurrent()
  }
  onSavedViews(show)
  addEventListener('querychange', markCurrent)
  show()
  return { node, markCurrent }
}

const viewItem = ({ name, hash }) =>
  h(
    'li',
    {},
    h('a', { href: hash }, icon('star'), h('span', { class: 'side-view-name' }, name)),
    iconButton('edit', `Rename or delete the view ${name}`, () => editView(name), {
      title: 'Rename or delete'
    })
  )

/** Asks for a name and saves what the address says. */
export const askToSaveView = (hash, suggestion) =>
  nameDialog({
    title: 'Save this view',
    text: 'Filters, order and layout are kept on this device and listed in the navigation.',
    value: suggestion,
    submitLabel: 'Save',
    save: (name) => saveView(name, hash),
    done: (name) => toast(`Saved the view “${name}”.`)
  })

function editView(name) {
  const { hash } = savedViews().find((one) => one.name === name)
  const remove = (close) => {
    removeView(name)
    close()
    document.querySelector('.side [data-path="/tasks"]')?.focus()
    toast(`Deleted the view “${name}”.`, { undo: () => saveView(name, hash) })
  }
  return nameDialog({
    title: 'Rename or delete the view',
    value: name,
    submitLabel: 'Rename',
    save: (next) => renameView(name, next),
    moreButtons: (close) => button('Delete', () => remove(close), { kind: 'button-danger' })
  })
}

function nameDialog({ title, text, value, submitLabel, save, done = () => {}, moreButtons }) {
  return openDialog({
    title,
    body: (close) => {
      const name = field({ label: 'Name', name: 'name', value, maxlength: String(MAX_NAME) })
      name.input.setAttribute('autofocus', '')
      const check = () => (name.input.value.trim() === '' ? [[name, 'Enter a name.']] : [])
      const submit = () => {
        const refused = save(name.input.value)
        if (refused) {
          name.setError(refused)
          name.input.focus()
          return
        }
        close()
        done(name.input.value.trim())
      }
      const more = moreButtons?.(close) ?? []
      const { node } = form({ fields: [name], submitLabel, submit, check, moreButtons: more })
      return [text && h('p', {}, text), node]
    }
  })
}

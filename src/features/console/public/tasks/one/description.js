import { h, replace } from '../../lib/dom.js'
import { markdownNode } from '../../lib/markdown.js'
import { button } from '../../ui/button.js'
import { unwatchForm, watchForm } from '../../ui/dirty-forms.js'
import { field, form } from '../../ui/form.js'
import { keepingFocus } from '../../ui/keep-focus.js'
import { panel } from '../../ui/page.js'
import { accessTo } from '../access.js'

/** The description of a task, rendered; its button turns it into a textarea. */
export function descriptionPanel(state) {
  const node = h('div', { class: 'description' })
  let shown
  let isEditing = false
  const show = (task) => {
    const mayEdit = accessTo(task) === 'edit'
    const key = JSON.stringify([mayEdit, task.description])
    if (isEditing || shown === key) {
      return
    }
    shown = key
    const text = task.description
      ? markdownNode(task.description)
      : h('p', { class: 'muted' }, 'No description.')
    const label = task.description ? 'Edit' : 'Add a description'
    const name = { title: 'Edit the description', 'aria-label': `${label} (description)` }
    const tool = mayEdit && button(label, edit, { kind: 'button-quiet button-small', ...name })
    keepingFocus(node, node, () => replace(node, text, tool))
  }
  const edit = () => {
    if (accessTo(state.task()) !== 'edit') {
      return
    }
    isEditing = true
    const close = () => {
      isEditing = false
      shown = undefined
      show(state.task())
      node.querySelector('button')?.focus()
    }
    const editor = descriptionForm(state, close)
    replace(node, editor)
    editor.querySelector('textarea').focus()
  }
  state.watch(show)
  return { node: panel('Description', node), edit }
}

function descriptionForm(state, onClose) {
  const seen = state.task()
  const area = h('textarea', {
    class: 'input',
    name: 'description',
    rows: '8',
    maxlength: '10000',
    value: seen.description ?? ''
  })
  const text = field({
    label: 'Description',
    name: 'description',
    control: area,
    hint: 'Markdown: **bold**, *italic*, - list, [link](address). Ctrl+Enter saves.'
  })
  const description = () => (area.value.trim() === '' ? null : area.value)
  const isDirty = () => description() !== (seen.description ?? null)
  const close = () => {
    unwatchForm(node)
    onClose()
  }
  const { node } = form({
    fields: [text],
    submitLabel: 'Save',
    kind: 'description-form',
    moreButtons: button('Cancel', close),
    submit: async () => {
      if (isDirty()) {
        await state.save({ description: description() }, seen)
      }
      close()
    }
  })
  watchForm(node, isDirty)
  node.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      node.requestSubmit()
    }
    if (event.key === 'Escape' && !isDirty()) {
      close()
    }
  })
  return node
}

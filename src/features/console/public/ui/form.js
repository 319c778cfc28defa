import { h, newId, replace } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { actions } from './page.js'
import { problemBox, requestId } from './problem-box.js'

/**
 * Creates a labelled field. `control` is the element that holds the value; without it an input of `type` is created.
 * `setError(text)` shows what is wrong beneath the field and ties it to the field for screen readers.
 */
export function field({ label, name, type = 'text', hint, control, ...attributes }) {
  const id = newId(name)
  const input = control ?? h('input', { type, name, class: 'input', ...attributes })
  input.id = id
  const hintNode = hint ? h('div', { class: 'hint', id: `${id}-hint` }, hint) : null
  const { errorNode, setError } = fieldError(id, input)
  input.setAttribute('aria-describedby', [hintNode?.id, errorNode.id].filter(Boolean).join(' '))
  return {
    name,
    input,
    setError,
    node: h('div', { class: 'field' }, h('label', { for: id }, label), input, hintNode, errorNode)
  }
}

/** Creates the line beneath a field that shows its error. Typing clears it. */
export function fieldError(id, input) {
  const errorNode = h('p', { class: 'field-error', id: `${id}-error` })
  const setError = (text) => {
    errorNode.textContent = text
    if (text) {
      input.setAttribute('aria-invalid', 'true')
    } else {
      input.removeAttribute('aria-invalid')
    }
  }
  input.addEventListener('input', () => setError(''))
  return { errorNode, setError }
}

/** Creates a select. `options` are pairs of a value and its label. */
export const select = (name, options, props = {}) =>
  h(
    'select',
    { class: 'input', name, ...props },
    options.map(([value, label]) => h('option', { value }, label))
  )

/**
 * Creates a form that calls `submit` and ignores further submits while it runs. A rejected call shows its errors at
 * their fields and the rest, with the request id, beneath; the first field with an error gets the focus. `check`
 * validates before anything is sent and returns pairs of a field and its error.
 */
export function form({
  fields,
  submitLabel,
  submit,
  check = () => [],
  moreButtons = [],
  kind = '',
  isDangerous = false,
  layout = fields.map((one) => one.node)
}) {
  const outcome = h('div', { class: 'form-outcome' })
  const submitButton = h(
    'button',
    { class: `button ${isDangerous ? 'button-danger' : 'button-primary'}` },
    submitLabel
  )
  const onsubmit = async (event) => {
    event.preventDefault()
    if (submitButton.getAttribute('aria-disabled') === 'true') {
      return
    }
    outcome.replaceChildren()
    for (const one of fields) {
      one.setError('')
    }
    if (showInvalid(check())) {
      return
    }
    submitButton.setAttribute('aria-disabled', 'true')
    node.setAttribute('aria-busy', 'true')
    try {
      await submit()
    } catch (error) {
      if (!isAborted(error)) {
        showError(error)
      }
    } finally {
      submitButton.removeAttribute('aria-disabled')
      node.removeAttribute('aria-busy')
    }
  }
  const showError = (error) => showRejected(error, fields, outcome)
  const node = h(
    'form',
    { class: `form ${kind}`, novalidate: true, onsubmit },
    layout,
    outcome,
    actions(submitButton, moreButtons)
  )
  return { node, showError }
}

/** Shows errors at their fields and focuses the first. Tells whether there are any. */
function showInvalid(errors) {
  for (const [one, text] of errors) {
    one.setError(text)
  }
  errors[0]?.[0].input.focus()
  return errors.length > 0
}

function showRejected(error, fields, outcome) {
  const placed = fields.map((one) => [one, error.errorAt?.(one.name)]).filter(([, found]) => found)
  showInvalid(placed.map(([one, { detail }]) => [one, detail]))
  const without = placed.map(([, found]) => found)
  if (placed.length === 0 || without.length < error.errors.length) {
    replace(outcome, problemBox(error, { without }))
  } else {
    replace(outcome, requestId(error, 'Nothing was changed. Request ID '))
  }
}

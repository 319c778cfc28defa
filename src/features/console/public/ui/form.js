import { h, newId, replace } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { problemBox } from './problem-box.js'

/**
 * A labelled field. `control` is the element that holds the value; without it an input of `type` is made. What is wrong
 * with it is said beneath and tied to it for screen readers.
 */
export function field({ label, name, type = 'text', hint, control, ...attributes }) {
  const id = newId(name)
  const input = control ?? h('input', { type, name, class: 'input', ...attributes })
  input.id = id
  const fault = h('p', { class: 'fault', id: `${id}-fault` })
  const hintNode = hint ? h('div', { class: 'hint', id: `${id}-hint` }, hint) : null
  input.setAttribute('aria-describedby', [hintNode?.id, fault.id].filter(Boolean).join(' '))
  const say = (text) => {
    fault.textContent = text
    text ? input.setAttribute('aria-invalid', 'true') : input.removeAttribute('aria-invalid')
  }
  input.addEventListener('input', () => say(''))
  return {
    name,
    input,
    say,
    node: h('div', { class: 'field' }, h('label', { for: id }, label), input, hintNode, fault)
  }
}

/** A choice among values, each with its words. */
export const select = (name, options, props = {}) =>
  h(
    'select',
    { class: 'input', name, ...props },
    options.map(([value, words]) => h('option', { value }, words))
  )

/**
 * A form that calls `submit` with nobody able to send it twice. Faults are said at their fields, and what belongs to none
 * at the end, with the request id; the first faulty field gets the focus. `check` may refuse before anything is sent:
 * it returns pairs of a field and what is wrong with it.
 */
export function form({ fields, act, submit, check, more = [], kind = '', danger = false, layout }) {
  const outcome = h('div', { class: 'form-outcome' })
  const button = h(
    'button',
    { class: `button ${danger ? 'button-danger' : 'button-primary'}` },
    act
  )
  const onsubmit = async (event) => {
    event.preventDefault()
    if (button.getAttribute('aria-disabled') === 'true') {
      return
    }
    outcome.replaceChildren()
    for (const one of fields) {
      one.say('')
    }
    const refused = check?.() ?? []
    if (refused.length > 0) {
      for (const [one, words] of refused) {
        one.say(words)
      }
      refused[0][0].input.focus()
      return
    }
    button.setAttribute('aria-disabled', 'true')
    node.setAttribute('aria-busy', 'true')
    try {
      await submit()
    } catch (error) {
      if (!isAborted(error)) {
        show(error)
      }
    } finally {
      button.removeAttribute('aria-disabled')
      node.removeAttribute('aria-busy')
    }
  }
  const show = (error) => {
    const placed = fields.map((one) => [one, error.at?.(one.name)]).filter(([, fault]) => fault)
    for (const [one, fault] of placed) {
      one.say(fault.detail)
    }
    placed[0]?.[0].input.focus()
    const without = placed.map(([, fault]) => fault)
    if (placed.length === 0 || without.length < error.errors.length) {
      replace(outcome, problemBox(error, { without }))
    } else {
      replace(
        outcome,
        h(
          'p',
          { class: 'request-id' },
          'Nothing was changed. Request id ',
          h('code', {}, error.request_id)
        )
      )
    }
  }
  const node = h(
    'form',
    { class: `form ${kind}`, novalidate: true, onsubmit },
    layout ? layout : fields.map((one) => one.node),
    outcome,
    h('div', { class: 'actions' }, button, more)
  )
  return { node, show, button }
}

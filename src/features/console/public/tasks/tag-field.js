import { h, newId, replace } from '../lib/dom.js'

const MOST = 20

/** Tags, each with a button that takes it off. Enter or a comma ends one; those that hold a comma already stay whole. */
export function tagField(given) {
  let tags = [...given]
  const id = newId('tags')
  const chips = h('ul', { class: 'chips' })
  const input = h('input', {
    class: 'input',
    id,
    name: 'tags',
    maxlength: '50',
    autocomplete: 'off',
    autocapitalize: 'none',
    'aria-describedby': `${id}-hint ${id}-fault`
  })
  const fault = h('p', { class: 'fault', id: `${id}-fault` })
  const say = (text) => {
    fault.textContent = text
    text ? input.setAttribute('aria-invalid', 'true') : input.removeAttribute('aria-invalid')
  }
  const show = () =>
    replace(
      chips,
      tags.map((tag) =>
        h(
          'li',
          { class: 'chip' },
          tag,
          h(
            'button',
            {
              type: 'button',
              'aria-label': `Remove the tag ${tag}`,
              onclick: () => {
                tags = tags.filter((one) => one !== tag)
                show()
                input.focus()
              }
            },
            '×'
          )
        )
      )
    )
  const take = () => {
    const tag = input.value.trim()
    if (tag === '') {
      return true
    }
    if (tag.includes('|')) {
      say('A tag cannot have | in it.')
      return false
    }
    if (!tags.includes(tag) && tags.length === MOST) {
      say(`A task has at most ${MOST} tags.`)
      return false
    }
    if (!tags.includes(tag)) {
      tags.push(tag)
    }
    input.value = ''
    show()
    return true
  }
  input.addEventListener('input', () => say(''))
  input.addEventListener('keydown', (event) => {
    if ((event.key === 'Enter' && input.value.trim() !== '') || event.key === ',') {
      event.preventDefault()
      take()
    }
    if (event.key === 'Backspace' && input.value === '' && tags.length > 0) {
      tags.pop()
      show()
    }
  })
  show()
  return {
    name: 'tags',
    input,
    say,
    take,
    value: () => tags,
    node: h(
      'div',
      { class: 'field' },
      h('label', { for: id }, 'Tags'),
      chips,
      input,
      h('p', { class: 'hint', id: `${id}-hint` }, 'Enter or a comma adds one.'),
      fault
    )
  }
}

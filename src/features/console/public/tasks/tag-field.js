import { h, newId, replace } from '../lib/dom.js'
import { fieldError } from '../ui/form.js'

const MAX_TAGS = 20

/**
 * Creates a field for tags. Enter or a comma adds one; its button, or Backspace for the last, removes it.
 * `onChange(tags)` is called each time.
 */
export function tagField(initialTags, { onChange = () => {} } = {}) {
  let tags = [...initialTags]
  const id = newId('tags')
  const list = h('ul', { class: 'chips' })
  const input = tagInput(id)
  const { errorNode, setError } = fieldError(id, input)
  const setTags = (next) => {
    const isOther = JSON.stringify(next) !== JSON.stringify(tags)
    tags = next
    const chips = tags.map((tag) => chipNode(tag, () => remove(tag)))
    replace(list, chips)
    if (isOther) {
      onChange(tags)
    }
  }
  const remove = (tag) => {
    setTags(tags.filter((one) => one !== tag))
    input.focus()
  }
  /** Adds what was typed. Returns an error, and adds nothing, when it is no valid tag. */
  const addTyped = () => {
    const tag = input.value.trim()
    const error = tagError(tag, tags)
    if (error === undefined && tag !== '') {
      setTags([...new Set([...tags, tag])])
      input.value = ''
    }
    return error
  }
  input.addEventListener('keydown', (event) => {
    if ((event.key === 'Enter' && input.value.trim() !== '') || event.key === ',') {
      event.preventDefault()
      setError(addTyped() ?? '')
    }
    if (event.key === 'Backspace' && input.value === '' && tags.length > 0) {
      setTags(tags.slice(0, -1))
    }
  })
  setTags(tags)
  const hint = h('p', { class: 'hint', id: `${id}-hint` }, 'Press Enter or comma to add a tag.')
  return {
    name: 'tags',
    input,
    setError,
    addTyped,
    value: () => tags,
    node: h(
      'div',
      { class: 'field' },
      h('label', { for: id }, 'Tags'),
      list,
      input,
      hint,
      errorNode
    )
  }
}

function tagError(tag, tags) {
  if (tag.includes('|')) {
    return 'A tag cannot contain |.'
  }
  return tag !== '' && !tags.includes(tag) && tags.length === MAX_TAGS
    ? `A task can have at most ${MAX_TAGS} tags.`
    : undefined
}

const chipNode = (tag, remove) =>
  h(
    'li',
    { class: 'chip' },
    tag,
    h('button', { type: 'button', 'aria-label': `Remove the tag ${tag}`, onclick: remove }, '×')
  )

const tagInput = (id) =>
  h('input', {
    class: 'input',
    id,
    name: 'tags',
    maxlength: '50',
    autocomplete: 'off',
    autocapitalize: 'none',
    'aria-describedby': `${id}-hint ${id}-error`
  })

import { h } from '../../lib/dom.js'
import { completions } from '../../ui/completions.js'
import { field } from '../../ui/form.js'

/** Makes the field in which a comment is written; @ offers people. */
export function commentField(mentionable, { label, value = '', rows = '2' }) {
  const area = h('textarea', {
    class: 'input',
    name: 'body',
    rows,
    maxlength: '10000',
    placeholder: 'Write a comment; @ mentions somebody',
    value
  })
  const body = field({ label, name: 'body', control: area })
  const holder = h('span', {})
  area.replaceWith(holder)
  holder.replaceWith(completions(area, { '@': mentionable }))
  return body
}

/** Ctrl+Enter submits. */
export function submitByKey(node) {
  node.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      node.requestSubmit()
    }
  })
}

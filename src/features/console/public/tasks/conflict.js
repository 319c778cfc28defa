import { h, newId } from '../lib/dom.js'
import { personNode } from '../lib/people.js'
import { fullTime, sinceText } from '../lib/time.js'
import { openDialog } from '../ui/dialog.js'
import { FIELDS, isSame, PRIORITY, STATUS } from './words.js'

/** A value as people read it. */
export function valueNode(field, value) {
  if (value === null || value === undefined || value.length === 0) {
    return h('span', { class: 'muted' }, 'nothing')
  }
  if (field === 'status') {
    return STATUS[value] ?? value
  }
  if (field === 'priority') {
    return PRIORITY[value] ?? value
  }
  if (field === 'due_date') {
    return fullTime(value)
  }
  if (field === 'assignee_id') {
    return personNode(value)
  }
  return Array.isArray(value) ? value.join(', ') : value
}

/**
 * Shows what one wanted beside what the task is by now, field by field, and lets the person choose. Gives the change
 * that is left of it, empty when all of theirs is kept, undefined when nothing was decided.
 */
export function chooseVersion(seen, change, current) {
  const mine = { ...seen, ...change }
  const rows = Object.keys(FIELDS)
    .filter((field) => !isSame(field, mine[field], current[field]))
    .map((field) => {
      const group = newId('choice')
      // What only they have touched is theirs unless one says otherwise.
      const isMine = field in change
      const option = (value, label, checked) =>
        h(
          'label',
          { class: 'choice' },
          h('input', {
            type: 'radio',
            name: group,
            value: label,
            checked,
            'aria-label': `${FIELDS[field]}: ${label}`
          }),
          h('span', { class: 'choice-value' }, valueNode(field, value))
        )
      const mineOption = option(mine[field], 'yours', isMine)
      return {
        field,
        mineOption,
        node: h(
          'tr',
          {},
          h('th', { scope: 'row' }, FIELDS[field]),
          h('td', {}, mineOption),
          h('td', {}, option(current[field], 'theirs', !isMine))
        )
      }
    })
  return openDialog({
    title: 'Somebody changed this task meanwhile',
    kind: 'dialog-wide',
    body: (close) => [
      h(
        'p',
        {},
        `«${current.title}» is at version ${current.version} since ${sinceText(current.updated_at)}; you saw version ${seen.version}. Nothing of yours has been saved yet. Choose what it is to be.`
      ),
      h(
        'div',
        { class: 'table-box' },
        h(
          'table',
          { class: 'versions' },
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              h('th', { scope: 'col' }, 'Field'),
              h('th', { scope: 'col' }, 'Yours'),
              h('th', { scope: 'col' }, 'Theirs')
            )
          ),
          h(
            'tbody',
            {},
            rows.map(({ node }) => node)
          )
        )
      ),
      h(
        'div',
        { class: 'actions' },
        h(
          'button',
          {
            type: 'button',
            class: 'button button-primary',
            autofocus: true,
            onclick: () =>
              close(
                Object.fromEntries(
                  rows
                    .filter(({ mineOption }) => mineOption.querySelector('input').checked)
                    .map(({ field }) => [field, mine[field]])
                )
              )
          },
          'Save this choice'
        ),
        h(
          'button',
          { type: 'button', class: 'button', onclick: () => close({}) },
          'Keep all of theirs'
        )
      )
    ]
  })
}

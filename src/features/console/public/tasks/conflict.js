import { h, newId } from '../lib/dom.js'
import { formatRelative } from '../lib/time.js'
import { button } from '../ui/button.js'
import { openDialog } from '../ui/dialog.js'
import { actions } from '../ui/page.js'
import { tableHead } from '../ui/table.js'
import { isSameValue, valueNode, withDue } from './fields.js'
import { FIELDS } from './labels.js'

/**
 * Shows the user's version of a task beside the current one and lets them choose for each field. Resolves to the change
 * that remains: empty when they discard theirs, undefined when they close the dialog.
 */
export function resolveConflict(seen, change, current) {
  const theirs = withDue(current)
  const mine = { ...withDue(seen), ...change }
  const choices = Object.keys(FIELDS)
    .filter((field) => !isSameValue(field, mine[field], theirs[field]))
    // Fields that the user did not change default to the current value.
    .map((field) => fieldChoice(field, { mine, current: theirs, prefersMine: field in change }))
  const chosenValues = () =>
    Object.fromEntries(
      choices.filter(({ isMine }) => isMine()).map(({ field }) => [field, mine[field]])
    )
  return openDialog({
    title: 'This task was changed in the meantime',
    kind: 'dialog-wide',
    body: (close) => [
      h('p', {}, explanation(seen, current)),
      h('p', {}, 'Your changes are not saved yet. Choose which value to keep for each field.'),
      choiceTable(choices),
      actions(
        button('Save selection', () => close(chosenValues()), {
          kind: 'button-primary',
          autofocus: true
        }),
        button('Discard my changes', () => close({}))
      )
    ]
  })
}

const explanation = (seen, { title, version, updated_at }) =>
  `“${title}” was changed ${formatRelative(updated_at)} and is now at version ${version}. ` +
  `You edited version ${seen.version}.`

function fieldChoice(field, { mine, current, prefersMine }) {
  const group = newId('choice')
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
  const mineOption = option(mine[field], 'yours', prefersMine)
  const currentOption = option(current[field], 'current', !prefersMine)
  return {
    field,
    isMine: () => mineOption.querySelector('input').checked,
    node: h(
      'tr',
      {},
      h('th', { scope: 'row' }, FIELDS[field]),
      h('td', {}, mineOption),
      h('td', {}, currentOption)
    )
  }
}

const choiceTable = (choices) => {
  const rows = choices.map(({ node }) => node)
  return h(
    'div',
    { class: 'table-box' },
    h(
      'table',
      { class: 'versions' },
      tableHead(['Field', 'Yours', 'Current']),
      h('tbody', {}, rows)
    )
  )
}

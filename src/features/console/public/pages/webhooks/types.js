import { h, newId } from '../../lib/dom.js'

/** The types of changes that can be sent, by what they are about. */
const GROUPS = [
  [
    'Tasks',
    [
      ['task.created', 'Created'],
      ['task.updated', 'Changed'],
      ['task.moved', 'Moved'],
      ['task.deleted', 'Deleted'],
      ['task.restored', 'Restored'],
      ['task.purged', 'Purged']
    ]
  ],
  [
    'Projects',
    [
      ['project.created', 'Created'],
      ['project.updated', 'Changed'],
      ['project.deleted', 'Deleted'],
      ['project.restored', 'Restored'],
      ['access.gained', 'Access gained'],
      ['access.lost', 'Access lost']
    ]
  ],
  [
    'Members',
    [
      ['member.added', 'Added'],
      ['member.changed', 'Role changed'],
      ['member.removed', 'Removed']
    ]
  ],
  ['Imports', [['import.finished', 'Finished']]],
  [
    'Comments',
    [
      ['comment.created', 'Written'],
      ['comment.updated', 'Edited'],
      ['comment.deleted', 'Deleted']
    ]
  ]
]
/** A test holds them against those of the server. */
export const KNOWN = new Set(GROUPS.flatMap(([, types]) => types.map(([type]) => type)))

/** Creates the choice of types, with what a form needs of a field. */
export function typesField(chosen) {
  const others = chosen.filter((type) => !KNOWN.has(type)).map((type) => [type, type])
  const groups = others.length > 0 ? [...GROUPS, ['Others', others]] : GROUPS
  const boxes = []
  const box = ([value, label]) => {
    const input = h('input', {
      type: 'checkbox',
      name: 'types',
      value,
      checked: chosen.includes(value)
    })
    boxes.push(input)
    return h('label', { class: 'check', title: value }, input, label)
  }
  const id = newId('types')
  const errorNode = h('p', { class: 'field-error', role: 'alert' })
  const node = h(
    'fieldset',
    { 'aria-describedby': id },
    h('legend', {}, 'What is sent'),
    h('p', { class: 'hint', id }, 'Every change, if you choose none.'),
    h(
      'div',
      { class: 'type-groups' },
      groups.map(([title, types]) =>
        h(
          'div',
          { class: 'type-group', role: 'group', 'aria-label': title },
          h('p', { class: 'type-title', 'aria-hidden': 'true' }, title),
          types.map(box)
        )
      )
    ),
    errorNode
  )
  return {
    name: 'types',
    node,
    input: boxes[0],
    setError: (text) => {
      errorNode.textContent = text
    },
    value: () => boxes.filter(({ checked }) => checked).map(({ value }) => value)
  }
}

/** Says in a few words what is sent. */
export function describeTypes(types) {
  if (types.length === 0) {
    return 'Every change'
  }
  return types.length <= 3 ? types.join(', ') : `${types.length} types of changes`
}

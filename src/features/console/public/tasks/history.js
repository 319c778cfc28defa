import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { personNode } from '../lib/people.js'
import { fullTime, sinceText } from '../lib/time.js'
import { openDialog } from '../ui/dialog.js'
import { emptyState, endless } from '../ui/endless.js'
import { valueNode } from './conflict.js'
import { FIELDS } from './words.js'

const ACTS = {
  'task.created': 'made it',
  'task.updated': 'changed it',
  'task.deleted': 'put it into the trash',
  'task.restored': 'took it out of the trash'
}

/** Who did what to a task, newest first. */
export function showHistory(task) {
  const list = endless({
    counted: ['event', 'events'],
    list: h('ol', { class: 'history' }),
    load: (cursor, signal) =>
      call('GET', `/tasks/${task.id}/events`, { query: { limit: 50, cursor }, signal }),
    row: (event) =>
      h(
        'li',
        {},
        h(
          'p',
          {},
          h('strong', {}, personNode(event.actor_id, 'You')),
          ` ${ACTS[event.type] ?? event.type} `,
          h(
            'time',
            { datetime: event.created_at, title: fullTime(event.created_at), class: 'muted' },
            sinceText(event.created_at)
          )
        ),
        event.changes.length > 0 && h('dl', { class: 'changes' }, event.changes.map(changeNode))
      ),
    empty: () => emptyState('No history', 'Nothing is known of this task.')
  })
  list.reload()
  return openDialog({
    title: `History of «${task.title}»`,
    kind: 'dialog-wide',
    body: () => list.node
  }).finally(list.stop)
}

/** In the history tags come as one text. */
const readable = (field, text) => (field === 'tags' && text ? text.split('|') : text)

const changeNode = ({ field, before, after }) =>
  h(
    'div',
    {},
    h('dt', {}, FIELDS[field] ?? field),
    h(
      'dd',
      {},
      h('del', {}, valueNode(field, readable(field, before))),
      h('span', { 'aria-hidden': 'true' }, ' → '),
      h('ins', {}, valueNode(field, readable(field, after)))
    )
  )

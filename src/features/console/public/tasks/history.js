import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { personNode } from '../lib/people.js'
import { formatDateTime, formatRelative, toDate } from '../lib/time.js'
import { openDialog } from '../ui/dialog.js'
import { emptyState } from '../ui/empty-state.js'
import { infiniteList } from '../ui/infinite-list.js'
import { valueNode } from './fields.js'
import { FIELDS } from './labels.js'

const HISTORY_FIELDS = { ...FIELDS, all_day: 'All day', owner_id: 'Owner' }
const EVENTS = {
  'task.created': 'created the task',
  'task.updated': 'changed the task',
  'task.moved': 'moved the task',
  'task.deleted': 'moved the task to the trash',
  'task.restored': 'restored the task from the trash'
}

/** Shows who did what to a task, newest first. */
export function showHistory(task) {
  const list = infiniteList({
    noun: ['event', 'events'],
    list: h('ol', { class: 'history' }),
    load: (cursor, signal) =>
      call('GET', `/tasks/${task.id}/events`, { query: { limit: 50, cursor }, signal }),
    row: eventNode,
    empty: () => emptyState('No history', 'This task has no recorded events.')
  })
  list.reload()
  return openDialog({
    title: `History of “${task.title}”`,
    kind: 'dialog-wide',
    body: () => list.node
  }).finally(list.stop)
}

/** A position says nothing to people. */
const readable = (changes) => changes.filter(({ field }) => field !== 'position')

const eventNode = ({ type, actor_id, created_at, changes }) =>
  h(
    'li',
    {},
    h(
      'p',
      {},
      h('strong', {}, personNode(actor_id, { isFirst: true })),
      ` ${EVENTS[type] ?? type} `,
      h(
        'time',
        { datetime: created_at, title: formatDateTime(created_at), class: 'muted' },
        formatRelative(created_at)
      )
    ),
    readable(changes).length > 0 && h('dl', { class: 'changes' }, readable(changes).map(changeNode))
  )

/** In the history, tags are one text, and an all-day task is due at the end of its day in UTC. */
function parseValue(field, text) {
  if (field === 'tags' && text) {
    return text.split('|')
  }
  return field === 'due_date' && text?.endsWith('T23:59:59.999Z') ? toDate(text) : text
}

const changeNode = ({ field, before, after }) =>
  h(
    'div',
    {},
    h('dt', {}, HISTORY_FIELDS[field] ?? field),
    h(
      'dd',
      {},
      h('del', {}, valueNode(field, parseValue(field, before))),
      h('span', { 'aria-hidden': 'true' }, ' → '),
      h('ins', {}, valueNode(field, parseValue(field, after)))
    )
  )

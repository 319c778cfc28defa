import { call } from '../../lib/api.js'
import { debounce, h } from '../../lib/dom.js'
import { personNode } from '../../lib/people.js'
import { replaceQuery } from '../../lib/router.js'
import { formatDateTime, formatRelative, fromLocalInput, toLocalInput } from '../../lib/time.js'
import { emptyState } from '../../ui/empty-state.js'
import { field } from '../../ui/form.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { page } from '../../ui/page.js'
import { personPicker } from '../../ui/person-picker.js'
import { badge, rowDetails, rowMain } from '../../ui/row.js'

const OUTCOME_BADGES = { failed: 'badge-warn', refused: 'badge-bad' }
/** Common actions, suggested while typing. Others can be typed as well. */
const ACTIONS = [
  'user.registered',
  'user.logged_in',
  'user.role_changed',
  'user.disabled',
  'user.deleted',
  'user.password_changed',
  'session.refreshed',
  'session.ended',
  'api_key.created',
  'api_key.revoked',
  'ip_ban.created',
  'ip_ban.lifted',
  'task.created',
  'task.updated',
  'task.moved',
  'task.deleted',
  'task.restored'
]
const FILTERS = ['actor_id', 'action', 'subject_id', 'created_after', 'created_before']

/** Shows who did what, for managers and admins. */
export function auditLogPage(query) {
  const state = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? '']))
  const list = infiniteList({
    noun: ['event', 'events'],
    list: h('ol', { class: 'rows' }),
    load: (cursor, signal) =>
      call('GET', '/admin/audit-log', { query: { ...state, limit: 50, cursor }, signal }),
    row: (event) => eventRow(event, setFilter),
    empty: () => emptyState('No events', 'No event matches these filters.')
  })
  const setFilter = (change) => {
    Object.assign(state, change)
    for (const { name, input, setValue } of fields) {
      if (!(name in change)) {
        continue
      }
      if (setValue) {
        setValue(change[name])
      } else {
        input.value = input.type === 'datetime-local' ? toLocalInput(change[name]) : change[name]
      }
    }
    replaceQuery('/audit-log', state)
    list.reload()
  }
  const fields = filterFields(state, setFilter)
  list.reload()
  return {
    title: 'Audit log',
    stop: list.stop,
    node: page({ title: 'Audit log' }, filterPanel(fields, state), list.node)
  }
}

function filterFields(state, setFilter) {
  const setLater = debounce(setFilter, 300)
  const textField = (label, name, attributes) =>
    field({
      label,
      name,
      value: state[name],
      autocomplete: 'off',
      spellcheck: 'false',
      oninput: ({ target }) => setLater({ [name]: target.value.trim() }),
      ...attributes
    })
  const timeField = (label, name) =>
    field({
      label,
      name,
      type: 'datetime-local',
      value: toLocalInput(state[name]),
      onchange: ({ target }) => setFilter({ [name]: fromLocalInput(target.value) ?? '' })
    })
  return [
    textField('Action', 'action', { list: 'actions', maxlength: '50' }),
    personPicker({
      label: 'Actor',
      name: 'actor_id',
      value: state.actor_id,
      fixed: [['', 'Anybody']],
      onChange: (actor_id) => setFilter({ actor_id })
    }),
    textField('Subject ID', 'subject_id', { maxlength: '200' }),
    timeField('From', 'created_after'),
    timeField('To', 'created_before')
  ]
}

/** The filters, folded away on narrow screens until one is set. */
function filterPanel(fields, state) {
  const isOpen =
    FILTERS.some((name) => state[name] !== '') || matchMedia('(min-width: 40rem)').matches
  const nodes = fields.map(({ node }) => node)
  const suggestions = ACTIONS.map((value) => h('option', { value }))
  return [
    h(
      'details',
      { class: 'collapsible', open: isOpen },
      h('summary', {}, 'Filter'),
      h('div', { class: 'columns audit-filters' }, nodes)
    ),
    h('datalist', { id: 'actions' }, suggestions)
  ]
}

function eventRow(event, setFilter) {
  const filterButton = (change, name, ...text) =>
    h(
      'button',
      { type: 'button', class: 'link', onclick: () => setFilter(change) },
      h('span', { class: 'visually-hidden' }, name),
      text
    )
  const { action, outcome, created_at } = event
  return h(
    'li',
    { class: 'row' },
    rowMain(
      [
        actorNode(event, filterButton),
        ' ',
        filterButton({ action }, 'Only ', h('code', {}, action)),
        ' ',
        outcome !== 'succeeded' && badge(outcome, OUTCOME_BADGES[outcome])
      ],
      eventDetails(event, filterButton)
    ),
    h(
      'time',
      { class: 'row-time', datetime: created_at, title: formatDateTime(created_at) },
      formatRelative(created_at)
    )
  )
}

/** Whoever did it, by today's name. What they were called then is left of a deleted account. */
function actorNode({ actor_id, actor_name }, filterButton) {
  if (actor_id === null) {
    return actor_name ?? 'Nobody logged in'
  }
  const name = personNode(actor_id, { isFirst: true, fallback: actor_name ?? undefined })
  return filterButton({ actor_id }, 'Only events of ', name)
}

function eventDetails(event, filterButton) {
  const { subject_type, subject_id, address, request_id } = event
  const subject =
    subject_id &&
    filterButton({ subject_id }, `Only events about ${subject_id}: `, subjectNode(event))
  return rowDetails(
    event.detail && h('span', {}, detailNodes(event)),
    subject_type && h('span', {}, `${subject_type} `, subject),
    address && h('span', {}, 'IP ', address),
    request_id && h('span', {}, 'request ', h('code', {}, request_id))
  )
}

const subjectNode = ({ subject_type, subject_id }) =>
  subject_type === 'user'
    ? personNode(subject_id, { fallback: subject_id.slice(-12) })
    : h('code', {}, subject_id.slice(-12))

/** Details of these actions name people by id. */
const ABOUT_PEOPLE = /^(project_member\.|project\.transferred$)/
const ID = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/

const detailNodes = ({ action, detail }) =>
  ABOUT_PEOPLE.test(action)
    ? detail.split(ID).map((part) => (ID.test(part) ? personNode(part) : part))
    : detail

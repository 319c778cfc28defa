import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { personNode } from '../../lib/people.js'
import { replaceQuery } from '../../lib/router.js'
import { toLocalInput } from '../../lib/time.js'
import { button } from '../../ui/button.js'
import { emptyState } from '../../ui/empty-state.js'
import { field } from '../../ui/form.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { page } from '../../ui/page.js'
import { personPicker } from '../../ui/person-picker.js'
import { eventRow } from './audit-event.js'
import { ACTIONS } from './audit-sentences.js'

const FILTERS = ['actor_id', 'action', 'subject_id', 'created_after', 'created_before']
const IS_DAY = /^\d{4}-\d\d-\d\d$/
const IS_USER = /^[0-9a-f-]{36}$/i

/** Tells who did what, in sentences, for managers and admins. */
export function auditLogPage(query) {
  const state = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? '']))
  const list = infiniteList({
    noun: ['event', 'events'],
    list: h('ol', { class: 'rows' }),
    load: (cursor, signal) =>
      call('GET', '/admin/audit-log', { query: { ...asked(state), limit: 50, cursor }, signal }),
    row: (event) => eventRow(event, setFilter),
    empty: () => emptyState('No events', 'Nothing happened that matches these filters.')
  })
  const about = h('div', { class: 'audit-about' })
  const setFilter = (change) => {
    Object.assign(state, change)
    for (const { name, setValue } of fields) {
      if (name in change) {
        setValue(change[name])
      }
    }
    showAbout(about, state, setFilter)
    replaceQuery('/audit-log', state)
    list.reload()
  }
  const fields = filterFields(state, setFilter)
  showAbout(about, state, setFilter)
  list.reload()
  return {
    title: 'Audit log',
    stop: list.stop,
    node: page({ title: 'Audit log' }, filterPanel(fields, state), about, list.node)
  }
}

/** A day of the filter begins and ends where the user is, not in UTC. */
function asked({ created_after, created_before, ...rest }) {
  return {
    ...rest,
    created_after: IS_DAY.test(created_after) ? midnight(created_after, 0) : created_after,
    created_before: IS_DAY.test(created_before) ? midnight(created_before, 1) : created_before
  }
}

function midnight(day, daysLater) {
  const date = new Date(`${day}T00:00`)
  date.setDate(date.getDate() + daysLater)
  return Number.isNaN(date.getTime()) ? day : date.toISOString()
}

function filterFields(state, setFilter) {
  const dayField = (label, name) => {
    const dayOf = (value) => (IS_DAY.test(value) ? value : toLocalInput(value).slice(0, 10))
    const { input, ...one } = field({
      label,
      name,
      type: 'date',
      value: dayOf(state[name]),
      onchange: ({ target }) => setFilter({ [name]: target.value })
    })
    return { ...one, setValue: (value) => setField(input, dayOf(value)) }
  }
  return [
    personPicker({
      label: 'Who',
      name: 'actor_id',
      value: state.actor_id,
      fixed: [['', 'Anybody']],
      onChange: (actor_id) => setFilter({ actor_id })
    }),
    actionField(state, setFilter),
    dayField('From', 'created_after'),
    dayField('To', 'created_before')
  ]
}

/** A field that has just been changed by hand keeps what is typed, such as half a date. */
function setField(input, value) {
  if (document.activeElement !== input) {
    input.value = value
  }
}

function actionField(state, setFilter) {
  const known = Object.entries(ACTIONS).map(([action, { label }]) => [action, label])
  const isOther = state.action !== '' && !ACTIONS[state.action]
  const options = [
    ['', 'Anything'],
    ...known.sort(([, a], [, b]) => a.localeCompare(b)),
    ...(isOther ? [[state.action, state.action]] : [])
  ]
  const control = h(
    'select',
    {
      class: 'input',
      name: 'action',
      value: state.action,
      onchange: ({ target }) => setFilter({ action: target.value })
    },
    options.map(([value, label]) => h('option', { value }, label))
  )
  const setValue = (action) => {
    control.value = action
  }
  return { ...field({ label: 'What', name: 'action', control }), setValue }
}

/** Says whom or what all events are about, with a button to see the others as well. */
function showAbout(node, { subject_id }, setFilter) {
  replace(
    node,
    subject_id !== '' && [
      h('span', {}, 'Only about ', aboutNode(subject_id)),
      button('Show all', () => setFilter({ subject_id: '' }), { kind: 'button-small' })
    ]
  )
}

const aboutNode = (subject_id) =>
  IS_USER.test(subject_id)
    ? h('strong', {}, personNode(subject_id, { fallback: subject_id }))
    : h('code', {}, subject_id)

/** The filters, folded away on narrow screens until one is set. */
function filterPanel(fields, state) {
  const isOpen =
    FILTERS.some((name) => state[name] !== '') || matchMedia('(min-width: 40rem)').matches
  return h(
    'details',
    { class: 'collapsible', open: isOpen },
    h('summary', {}, 'Filter'),
    h(
      'div',
      { class: 'columns audit-filters' },
      fields.map(({ node }) => node)
    )
  )
}

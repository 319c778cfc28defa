import { call } from '../lib/api.js'
import { debounce, h } from '../lib/dom.js'
import { note } from '../lib/router.js'
import { fullTime, instantOf, localInput, sinceText } from '../lib/time.js'
import { emptyState, endless } from '../ui/endless.js'
import { field } from '../ui/form.js'

const OUTCOMES = { succeeded: '', failed: 'badge-warn', refused: 'badge-bad' }
/** What is often looked for; others can be typed. */
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
  'task.deleted',
  'task.restored'
]
const NAMES = ['actor_id', 'action', 'subject_id', 'created_after', 'created_before']

/** Who did what, for managers and admins. */
export function auditPage(query) {
  const state = Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? '']))
  const list = endless({
    counted: ['fact', 'facts'],
    list: h('ol', { class: 'rows' }),
    load: (cursor, signal) =>
      call('GET', '/admin/audit-log', { query: { ...state, limit: 50, cursor }, signal }),
    row: (event) => eventRow(event, set),
    empty: () => emptyState('Nothing', 'No fact passes these filters.')
  })
  const set = (part) => {
    Object.assign(state, part)
    for (const one of fields) {
      if (one.name in part) {
        one.input.value =
          one.input.type === 'datetime-local' ? localInput(part[one.name]) : part[one.name]
      }
    }
    note('/audit', state)
    list.reload()
  }
  const later = debounce(set, 300)
  const text = (label, name, more = {}) =>
    field({
      label,
      name,
      value: state[name],
      autocomplete: 'off',
      spellcheck: 'false',
      oninput: ({ target }) => later({ [name]: target.value.trim() }),
      ...more
    })
  const moment = (label, name) =>
    field({
      label,
      name,
      type: 'datetime-local',
      value: localInput(state[name]),
      onchange: ({ target }) => set({ [name]: instantOf(target.value) ?? '' })
    })
  const fields = [
    text('Action', 'action', { list: 'actions', maxlength: '50' }),
    text('Actor’s id', 'actor_id', { maxlength: '36' }),
    text('Subject’s id', 'subject_id', { maxlength: '200' }),
    moment('From', 'created_after'),
    moment('To', 'created_before')
  ]
  list.reload()
  return {
    title: 'Audit log',
    stop: list.stop,
    node: h(
      'section',
      { class: 'page' },
      h('div', { class: 'page-head' }, h('h1', { tabindex: '-1' }, 'Audit log')),
      h(
        'details',
        {
          class: 'fold',
          open: NAMES.some((name) => state[name] !== '') || matchMedia('(min-width: 40rem)').matches
        },
        h('summary', {}, 'Filter'),
        h(
          'div',
          { class: 'columns audit-filters' },
          fields.map((one) => one.node)
        )
      ),
      h(
        'datalist',
        { id: 'actions' },
        ACTIONS.map((value) => h('option', { value }))
      ),
      list.node
    )
  }
}

function eventRow(event, set) {
  const narrow = (part, words, label) =>
    h(
      'button',
      { type: 'button', class: 'link', 'aria-label': label, onclick: () => set(part) },
      words
    )
  return h(
    'li',
    { class: 'row' },
    h(
      'div',
      { class: 'row-main' },
      h(
        'p',
        { class: 'row-title' },
        event.actor_id
          ? narrow(
              { actor_id: event.actor_id },
              event.actor_name ?? event.actor_id,
              `Only what ${event.actor_name ?? event.actor_id} did`
            )
          : (event.actor_name ?? 'Nobody known'),
        ' ',
        narrow({ action: event.action }, h('code', {}, event.action), `Only ${event.action}`),
        ' ',
        event.outcome !== 'succeeded' &&
          h('span', { class: `badge ${OUTCOMES[event.outcome] ?? ''}` }, event.outcome)
      ),
      h(
        'p',
        { class: 'row-facts' },
        event.detail && h('span', {}, event.detail),
        event.subject_type &&
          h(
            'span',
            {},
            `${event.subject_type} `,
            event.subject_id &&
              narrow(
                { subject_id: event.subject_id },
                h('code', {}, event.subject_id.slice(-12)),
                `Only what was done to ${event.subject_id}`
              )
          ),
        event.address && h('span', {}, 'from ', event.address),
        event.request_id && h('span', {}, 'request ', h('code', {}, event.request_id))
      )
    ),
    h(
      'time',
      { class: 'row-time', datetime: event.created_at, title: fullTime(event.created_at) },
      sinceText(event.created_at)
    )
  )
}

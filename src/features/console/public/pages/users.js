import { call } from '../lib/api.js'
import { debounce, h, replace } from '../lib/dom.js'
import { isMe } from '../lib/people.js'
import { hashOf, note } from '../lib/router.js'
import { fullTime } from '../lib/time.js'
import { confirm } from '../ui/dialog.js'
import { emptyState, endless } from '../ui/endless.js'
import { select } from '../ui/form.js'
import { icon } from '../ui/icons.js'
import { toast, toastProblem } from '../ui/toast.js'

const ROLES = [
  ['user', 'User'],
  ['manager', 'Manager'],
  ['admin', 'Admin']
]
const titleOf = ({ name, username, email }) => name ?? username ?? email

/** Everybody's accounts, for admins. */
export function usersPage(query) {
  const state = {
    q: query.get('q') ?? '',
    role: query.get('role') ?? '',
    disabled: query.get('disabled') ?? ''
  }
  const total = h('p', { class: 'summary muted', role: 'status' })
  const list = endless({
    counted: ['user', 'users'],
    load: async (cursor, signal) => {
      const page = await call('GET', '/admin/users', {
        query: { ...state, limit: 50, cursor, include_total: cursor ? undefined : true },
        signal
      })
      if (page.pagination.total !== undefined) {
        total.textContent = `${page.pagination.total.toLocaleString()} in all`
      }
      return page
    },
    row: (one) => userRow(one, list),
    empty: () => emptyState('Nobody', 'No account passes these filters.')
  })
  const set = (part) => {
    Object.assign(state, part)
    note('/users', state)
    list.reload()
  }
  const search = h('input', {
    type: 'search',
    class: 'input',
    placeholder: 'Search',
    'aria-label': 'Search in names, usernames and addresses',
    maxlength: '200',
    value: state.q,
    oninput: debounce(() => set({ q: search.value.trim() }), 250)
  })
  const choice = (name, words, options) =>
    select(name, options, {
      value: state[name],
      'aria-label': words,
      class: 'input fit',
      onchange: ({ target }) => set({ [name]: target.value })
    })
  list.reload()
  return {
    title: 'Users',
    stop: list.stop,
    keys: [['/', 'Search', () => search.focus()]],
    node: h(
      'section',
      { class: 'page' },
      h('div', { class: 'page-head' }, h('h1', { tabindex: '-1' }, 'Users'), total),
      h(
        'div',
        { class: 'filters-first' },
        h('div', { class: 'search' }, icon('search'), search),
        choice('role', 'Role', [['', 'Every role'], ...ROLES]),
        choice('disabled', 'Access', [
          ['', 'Enabled or not'],
          ['false', 'Enabled'],
          ['true', 'Disabled']
        ])
      ),
      list.node
    )
  }
}

function userRow(one, list) {
  const row = h('li', { class: 'row' })
  const change = async (body, done) => {
    row.setAttribute('aria-busy', 'true')
    try {
      one = await call('PATCH', `/admin/users/${one.id}`, { body, repeat: true })
      toast(done)
    } catch (error) {
      toastProblem(`«${titleOf(one)}» is as before.`, error)
    }
    row.removeAttribute('aria-busy')
    show()
  }
  const endSessions = async () => {
    try {
      await call('DELETE', `/admin/users/${one.id}/sessions`)
      toast(`«${titleOf(one)}» has to log in again, everywhere.`)
    } catch (error) {
      toastProblem('The sessions have not ended.', error)
    }
  }
  const remove = async () => {
    if (
      !(await confirm({
        title: `Delete «${titleOf(one)}»?`,
        text: 'The account goes for good, with its tasks, sessions and keys. The audit log keeps who it was.',
        act: 'Delete for good'
      }))
    ) {
      return
    }
    try {
      await call('DELETE', `/admin/users/${one.id}`)
      row.remove()
      list.recount()
      toast(`«${titleOf(one)}» is gone.`)
    } catch (error) {
      toastProblem(`«${titleOf(one)}» is not deleted.`, error)
    }
  }
  const show = () => {
    const who = titleOf(one)
    replace(
      row,
      h(
        'div',
        { class: 'row-main' },
        h(
          'p',
          { class: 'row-title' },
          who,
          ' ',
          isMe(one.id) && h('span', { class: 'badge badge-accent' }, 'you'),
          one.disabled && h('span', { class: 'badge badge-bad' }, 'disabled')
        ),
        h(
          'p',
          { class: 'row-facts' },
          one.username && h('span', {}, one.username),
          one.email && h('span', {}, one.email, one.email_verified ? '' : ' (not confirmed)'),
          h('span', {}, 'Since ', fullTime(one.created_at)),
          h('a', { href: hashOf('/everybody', { whose: one.id, view: 'all' }) }, 'Tasks'),
          h('a', { href: hashOf('/audit', { actor_id: one.id }) }, 'Acts')
        )
      ),
      h(
        'div',
        { class: 'row-acts' },
        select('role', ROLES, {
          value: one.role,
          class: 'input fit',
          'aria-label': `Role of ${who}`,
          disabled: isMe(one.id),
          onchange: ({ target }) =>
            change({ role: target.value }, `«${who}» is ${target.value} now.`)
        }),
        !isMe(one.id) &&
          h(
            'button',
            {
              type: 'button',
              class: 'button button-small',
              'aria-label': `${one.disabled ? 'Enable' : 'Disable'} ${who}`,
              onclick: () =>
                change(
                  { disabled: !one.disabled },
                  `«${who}» is ${one.disabled ? 'enabled' : 'disabled'}.`
                )
            },
            one.disabled ? 'Enable' : 'Disable'
          ),
        h(
          'button',
          {
            type: 'button',
            class: 'button button-small',
            'aria-label': `End sessions of ${who}`,
            onclick: endSessions
          },
          'End sessions'
        ),
        !isMe(one.id) &&
          h(
            'button',
            {
              type: 'button',
              class: 'icon-button icon-danger',
              'aria-label': `Delete ${who}`,
              title: 'Delete',
              onclick: remove
            },
            icon('trash')
          )
      )
    )
  }
  show()
  return row
}

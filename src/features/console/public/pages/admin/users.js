import { call } from '../../lib/api.js'
import { debounce, h } from '../../lib/dom.js'
import { replaceQuery } from '../../lib/router.js'
import { button } from '../../ui/button.js'
import { emptyState } from '../../ui/empty-state.js'
import { select } from '../../ui/form.js'
import { icon } from '../../ui/icons.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { actions, page } from '../../ui/page.js'
import { invitationsPanel } from './invitations.js'
import { createUser } from './new-user.js'
import { ROLES, userRow } from './user-row.js'

/** Lists all accounts, for admins. */
export function usersPage(query) {
  const state = {
    q: query.get('q') ?? '',
    role: query.get('role') ?? '',
    disabled: query.get('disabled') ?? ''
  }
  const total = h('p', { class: 'summary muted', role: 'status' })
  const list = infiniteList({
    noun: ['user', 'users'],
    load: async (cursor, signal) => {
      const loaded = await call('GET', '/admin/users', {
        query: { ...state, limit: 50, cursor, include_total: cursor ? undefined : true },
        signal
      })
      showTotal(total, loaded.pagination)
      return loaded
    },
    row: (user) => userRow(user, list),
    empty: () => emptyState('No users', 'No account matches these filters.')
  })
  const setFilter = (change) => {
    Object.assign(state, change)
    replaceQuery('/users', state)
    list.reload()
  }
  const search = searchInput(state, setFilter)
  const invitations = invitationsPanel()
  const addUser = async () => {
    if (await createUser()) {
      list.reload()
    }
  }
  list.reload()
  return {
    title: 'Users',
    stop: () => {
      list.stop()
      invitations.stop()
    },
    keys: [['/', 'Search', () => search.focus()]],
    node: page(
      {
        title: 'Users',
        beside: [total, userActions({ addUser, invite: invitations.invite })]
      },
      h(
        'div',
        { class: 'filters-first' },
        h('div', { class: 'search' }, icon('search'), search),
        filterSelects(state, setFilter)
      ),
      invitations.node,
      list.node
    )
  }
}

const userActions = ({ addUser, invite }) =>
  actions(
    document.body.dataset.registration !== 'closed' && button('Invite', invite),
    button([icon('plus'), 'New user'], addUser, { kind: 'button-primary' })
  )

function showTotal(node, { total }) {
  if (total !== undefined) {
    node.textContent = `${total.toLocaleString()} ${total === 1 ? 'user' : 'users'} found`
  }
}

function searchInput(state, setFilter) {
  const search = h('input', {
    type: 'search',
    class: 'input',
    placeholder: 'Search',
    'aria-label': 'Search in names, usernames and emails',
    maxlength: '200',
    value: state.q,
    oninput: debounce(() => setFilter({ q: search.value.trim() }), 250)
  })
  return search
}

function filterSelects(state, setFilter) {
  const filter = (name, label, options) =>
    select(name, options, {
      value: state[name],
      'aria-label': label,
      class: 'input fit',
      onchange: ({ target }) => setFilter({ [name]: target.value })
    })
  return [
    filter('role', 'Role', [['', 'All roles'], ...ROLES]),
    filter('disabled', 'Status', [
      ['', 'Enabled or disabled'],
      ['false', 'Enabled'],
      ['true', 'Disabled']
    ])
  ]
}

import { call } from './api.js'
import { h } from './dom.js'
import { currentUser, isAtLeast, onUserChange } from './session.js'

/** Display names by user id. Only admins may look them up; for others everyone but themselves is an id. */
let names = new Map()
let firstPage
onUserChange(() => {
  names = new Map()
  firstPage = undefined
})

/** Returns what to call a user. */
export const displayName = ({ name, username, email }) => name ?? username ?? email
export const isCurrentUser = (id) => id === currentUser()?.id

/** Lists up to a hundred users to choose from. Empty for users who may not list them. */
export async function listUsers() {
  if (!isAtLeast('admin')) {
    return []
  }
  firstPage ??= call('GET', '/admin/users', { query: { limit: 100 } }).then(({ data }) => {
    for (const user of data) {
      names.set(user.id, displayName(user))
    }
    return data.map((user) => ({ id: user.id, name: displayName(user) }))
  })
  try {
    return await firstPage
  } catch {
    firstPage = undefined
    return []
  }
}

/** Shows a user by name; the name is filled in once it is known. Without an id it is the application itself. */
export function userNode(id, self = 'you') {
  if (id === null) {
    return h('span', {}, 'Tasklane')
  }
  if (isCurrentUser(id)) {
    return h('span', {}, self)
  }
  const node = h('span', { title: id }, names.get(id) ?? `user ${id.slice(-6)}`)
  if (!names.has(id) && isAtLeast('admin')) {
    fillInName(node, id).catch(() => {})
  }
  return node
}

async function fillInName(node, id) {
  const name = await fetchName(id)
  if (name) {
    node.textContent = name
  }
}

const pending = new Map()
async function fetchName(id) {
  await listUsers()
  if (names.has(id)) {
    return names.get(id)
  }
  if (!pending.has(id)) {
    const lookup = call('GET', `/admin/users/${id}`)
      .then((user) => names.set(id, displayName(user)))
      .finally(() => pending.delete(id))
    pending.set(id, lookup)
  }
  await pending.get(id)
  return names.get(id)
}

import { call } from './api.js'
import { isAtLeast, onUserChange } from './session.js'

let firstPage
onUserChange(() => {
  firstPage = undefined
})

/** Returns what to call a user. */
export const displayName = ({ name, username, email }) => name ?? username ?? email

/** Lists up to a hundred users to choose from. Empty for users who may not list them. */
export async function listUsers() {
  if (!isAtLeast('admin')) {
    return []
  }
  firstPage ??= call('GET', '/admin/users', { query: { limit: 100 } }).then(({ data }) =>
    data.map((user) => ({ id: user.id, name: displayName(user) }))
  )
  try {
    return await firstPage
  } catch {
    firstPage = undefined
    return []
  }
}

import { call } from './api.js'
import { h } from './dom.js'
import { isAtLeast, onSession, user } from './session.js'

/** Names of people by id. Only admins may look them up; for everybody else people but oneself have an id. */
let known = new Map()
let first
onSession(() => {
  known = new Map()
  first = undefined
})

const title = ({ name, username, email }) => name ?? username ?? email
export const isMe = (id) => id === user()?.id

/** Up to a hundred people, for choosing among them; empty for those who may not see them. */
export async function people() {
  if (!isAtLeast('admin')) {
    return []
  }
  first ??= call('GET', '/admin/users', { query: { limit: 100 } }).then(({ data }) => {
    for (const one of data) {
      known.set(one.id, title(one))
    }
    return data.map((one) => ({ id: one.id, title: title(one) }))
  })
  try {
    return await first
  } catch {
    first = undefined
    return []
  }
}

/** Who this is, filled in as soon as it is known. */
export function personNode(id, me = 'you') {
  if (id === null) {
    return h('span', {}, 'Tasklane')
  }
  if (isMe(id)) {
    return h('span', {}, me)
  }
  const node = h('span', { title: id }, known.get(id) ?? `user ${id.slice(-6)}`)
  if (!known.has(id) && isAtLeast('admin')) {
    look(id).then(
      (name) => {
        if (name) {
          node.textContent = name
        }
      },
      () => {}
    )
  }
  return node
}

const looking = new Map()
async function look(id) {
  await people()
  if (known.has(id)) {
    return known.get(id)
  }
  if (!looking.has(id)) {
    looking.set(
      id,
      call('GET', `/admin/users/${id}`)
        .then((one) => {
          known.set(id, title(one))
        })
        .finally(() => looking.delete(id))
    )
  }
  await looking.get(id)
  return known.get(id)
}

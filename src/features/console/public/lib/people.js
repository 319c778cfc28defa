import { call } from './api.js'
import { h } from './dom.js'
import { currentUser, isAtLeast, onUserChange } from './session.js'

const MAX_IDS = 100
const PAGE_SIZE = 20
/** Pages that a search follows: one may be empty where the next is not. */
const MAX_PAGES = 5

/** People by id, for as long as the user is logged in. */
let known = new Map()
/** Lookups that go out together: everything that a page of rows shows is asked for by one call. */
let waiting = new Map()
onUserChange(() => {
  known = new Map()
  waiting = new Map()
})

export const isCurrentUser = (id) => id === currentUser()?.id

/** Shows a person by name; the name is filled in once it is known. Without an id it is the application itself. */
export function personNode(id, { isFirst = false, fallback = unknownName() } = {}) {
  const write = (text) => (isFirst ? text.charAt(0).toUpperCase() + text.slice(1) : text)
  if (id === null || isCurrentUser(id)) {
    return h('span', {}, id === null ? 'Tasklane' : write('you'))
  }
  const node = h('span', { class: 'person' }, known.get(id)?.display_name ?? '…')
  if (!known.has(id)) {
    const show = (person) => showPerson(node, person, write(fallback))
    lookUp(id).then(show, () => show())
  }
  return node
}

function showPerson(node, person, fallback) {
  node.textContent = person?.display_name ?? fallback
}

/** Managers see everybody there is; others may not tell who is gone from whom they cannot see. */
const unknownName = () => (isAtLeast('manager') ? 'a deleted user' : 'somebody you cannot see')

/** Returns the name of a person, or what to call somebody who cannot be seen. */
export async function nameOf(id) {
  const person = known.get(id) ?? (await lookUp(id).catch(() => undefined))
  return person?.display_name ?? unknownName()
}

/** Looks up an id together with all others that are asked for at this moment. Undefined for whom one cannot see. */
function lookUp(id) {
  if (waiting.size === 0) {
    queueMicrotask(sendLookups)
  }
  if (!waiting.has(id)) {
    waiting.set(id, Promise.withResolvers())
  }
  return waiting.get(id).promise
}

function sendLookups() {
  const lookups = [...waiting]
  waiting = new Map()
  for (let from = 0; from < lookups.length; from += MAX_IDS) {
    send(lookups.slice(from, from + MAX_IDS), known)
  }
}

async function send(lookups, found) {
  try {
    const id = lookups.map(([one]) => one)
    const { data } = await call('GET', '/people', { query: { id } })
    for (const person of data) {
      found.set(person.id, person)
    }
    for (const [one, { resolve }] of lookups) {
      resolve(found.get(one))
    }
  } catch (error) {
    for (const [, { reject }] of lookups) {
      reject(error)
    }
  }
}

/** Returns a person, or undefined where they cannot be seen. */
export const personOf = async (id) => known.get(id) ?? (await lookUp(id).catch(() => undefined))

/** Finds people by the beginning of their name or username or by ids, perhaps only those of a project or a task. */
export async function findPeople({ q, id, project_id, task_id, signal }) {
  const found = []
  let cursor
  for (let pages = 0; pages < MAX_PAGES && cursor !== null && found.length < PAGE_SIZE; pages++) {
    const query = { q, id, project_id, task_id, limit: PAGE_SIZE, cursor }
    const { data, pagination } = await call('GET', '/people', { query, signal })
    found.push(...data)
    cursor = pagination.next_cursor
  }
  for (const person of found) {
    known.set(person.id, person)
  }
  return { people: found, hasMore: cursor !== null }
}

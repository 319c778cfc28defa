import { call } from './api.js'
import { isLoggedIn, onUserChange } from './session.js'

const MIN_AGE_MS = 60_000
const MOST = 20

const listeners = new Set()
let loadedAt = 0
let controller = new AbortController()
onUserChange(() => {
  controller.abort()
  controller = new AbortController()
  listeners.clear()
  loadedAt = 0
})

/** Calls the listener with how many invitations wait for an answer, as a text that is empty for none. */
export const onInvitationCount = (listener) => {
  listeners.add(listener)
}

/** Counts the invitations to projects that the user got. */
export async function countInvitations() {
  loadedAt = Date.now()
  const { signal } = controller
  try {
    const { pagination } = await call('GET', '/me/invitations', {
      query: { limit: MOST },
      signal,
      mayAsk: false
    })
    const { total_returned: count, has_more } = pagination
    const text = has_more ? `${MOST}+` : String(count || '')
    for (const listener of listeners) {
      listener(text)
    }
  } catch {
    // The page of the invitations reports errors; here the count stays as it was.
  }
}

/** Counts them again when the user comes back to the page after a while. */
addEventListener('visibilitychange', () => {
  if (isLoggedIn() && !document.hidden && Date.now() - loadedAt > MIN_AGE_MS) {
    countInvitations()
  }
})

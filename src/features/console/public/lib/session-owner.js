import { API } from './base.js'

/** Of this installation: others may share its origin. */
const KEY = `session-of ${API}`
/** Tells before-paint.js which frame to paint. It is no more than a guess. */
const SIGNED_IN = `signed-in ${API}`

/**
 * Remembers who logged in here. Another host of the domain can set a cookie for this one, but not write here: the
 * session of somebody else that it plants does not become the one of whoever opens the console.
 */
export function rememberOwner(userId) {
  try {
    localStorage.setItem(KEY, userId)
    localStorage.setItem(SIGNED_IN, 'yes')
  } catch {
    // Without storage every session in the cookie counts.
  }
}

/** Tells whether the session in the cookie can be the one of whoever logged in here. */
export function mayOwnSession(userId) {
  try {
    return localStorage.getItem(KEY) === userId
  } catch {
    return true
  }
}

/** Remembers that nobody is logged in here. */
export function rememberNobody() {
  try {
    localStorage.removeItem(SIGNED_IN)
  } catch {
    // Without storage nothing was remembered.
  }
}

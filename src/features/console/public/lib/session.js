import { API } from './base.js'
import { networkError } from './connection.js'
import { parseProblem } from './problem.js'

const RENEW_BEFORE_EXPIRY_MS = 20_000
const ROLES = ['user', 'manager', 'admin']

/**
 * The current session. Both tokens live in this variable and nowhere else: stored tokens could be read from the disk,
 * and a duplicated tab would use a stored refresh token a second time, which ends the session (RFC 9700, 4.14.2).
 * The price is that a reload asks for the password again.
 */
let session
const listeners = new Set()
let renewal
let reauthenticate = async () => false

export const currentUser = () => session?.user
export const isLoggedIn = () => session !== undefined
export const accessToken = () => session?.access_token
export const isAtLeast = (role) => ROLES.indexOf(session?.user.role) >= ROLES.indexOf(role)

/** Sets how to ask the user to log in again on the same page. The function resolves to true when they did. */
export const setReauthenticate = (ask) => {
  reauthenticate = ask
}
/** Calls the listener with the user, or undefined, whenever somebody logs in or out. */
export const onUserChange = (listener) => {
  listeners.add(listener)
}

/** Starts a session with a token set, or continues it with a new one. */
export function startSession(tokens) {
  setSession({ ...tokens, expiresAt: Date.now() + tokens.expires_in * 1000 })
}

/** Forgets both tokens. */
export const endSession = () => setSession(undefined)

function setSession(next) {
  const previousId = session?.user.id
  session = next
  if (previousId !== next?.user.id) {
    for (const listener of listeners) {
      listener(session?.user)
    }
  }
}

/** Updates the profile of the current user. */
export function setUser(changed) {
  if (session?.user.id === changed.id) {
    session = { ...session, user: changed }
  }
}

/** Tells whether to renew the access token before the next call rather than after it is rejected. */
export const expiresSoon = () =>
  session !== undefined &&
  Date.now() > session.expiresAt - RENEW_BEFORE_EXPIRY_MS &&
  session.expires_in * 1000 > 3 * RENEW_BEFORE_EXPIRY_MS

/**
 * Renews the session by its refresh token, or else by asking the user. Concurrent callers share one renewal, since a
 * refresh token can be used only once. Resolves to false when the session has ended.
 */
export function renewSession(mayAsk = true) {
  renewal ??= attemptRenewal(mayAsk).finally(() => {
    renewal = undefined
  })
  return renewal
}

async function attemptRenewal(mayAsk) {
  if (session === undefined) {
    return false
  }
  const { id } = session.user
  const tokens = await refreshTokens(session.refresh_token)
  if (tokens) {
    startSession(tokens)
    return true
  }
  // What one user typed is never sent in the name of another.
  return mayAsk && (await reauthenticate()) && session?.user.id === id
}

/** Exchanges a refresh token for new tokens. Returns undefined when it is no longer valid. */
async function refreshTokens(refresh_token) {
  let response
  try {
    response = await fetch(`${API}/auth/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token }),
      signal: AbortSignal.timeout(30_000)
    })
  } catch (error) {
    throw networkError(error)
  }
  if (response.ok) {
    return response.json()
  }
  const problem = parseProblem(response.status, await response.text(), response.headers)
  // Other statuses, such as 429 or 503, say nothing about the token.
  if (problem.status === 401 || problem.status === 400) {
    return undefined
  }
  throw problem
}

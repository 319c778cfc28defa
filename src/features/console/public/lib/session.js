import { unreachable } from './connection.js'
import { problemOf } from './problem.js'

const EARLY_MS = 20_000

/**
 * Who is logged in. Both tokens live in this variable and nowhere else: what is on a disk can be read from it, and a
 * tab that is duplicated would take a stored refresh token along, whose second use ends the session (RFC 9700, 4.14.2).
 * The price is that a reload asks for the password again.
 */
let current
const listeners = new Set()
let refreshing
let hooks = { askLogin: async () => false }

export const user = () => current?.user
export const isLoggedIn = () => current !== undefined
export const accessToken = () => current?.access_token
export const isAtLeast = (role) =>
  ['user', 'manager', 'admin'].indexOf(current?.user.role) >=
  ['user', 'manager', 'admin'].indexOf(role)

/** Says how to ask the person to log in again while the page stays; true when they did. */
export const useLogin = (askLogin) => {
  hooks = { askLogin }
}
export const onSession = (listener) => {
  listeners.add(listener)
}

/** Takes a token set, or ends the session with `undefined`. */
export function start(tokens) {
  const before = current?.user.id
  current = tokens && { ...tokens, until: Date.now() + tokens.expires_in * 1000 }
  if (before !== tokens?.user.id) {
    for (const listener of listeners) {
      listener(current?.user)
    }
  }
}

/** The profile has changed. */
export function setUser(changed) {
  if (current?.user.id === changed.id) {
    current = { ...current, user: changed }
  }
}

/** Whether it is better to renew the token before the next call than after its refusal. */
export const isNearlyOver = () =>
  current !== undefined &&
  Date.now() > current.until - EARLY_MS &&
  current.expires_in * 1000 > 3 * EARLY_MS

/**
 * Makes the session good again: by the refresh token, or else by asking the person. Whoever comes while that is going on
 * waits for the same outcome, since a refresh token can be spent once. False when there is no session any more.
 */
export function renew(mayAsk = true) {
  refreshing ??= attempt(mayAsk).finally(() => {
    refreshing = undefined
  })
  return refreshing
}

async function attempt(mayAsk) {
  if (current === undefined) {
    return false
  }
  const { id } = current.user
  const answer = await spend(current.refresh_token)
  if (answer.tokens) {
    start(answer.tokens)
    return true
  }
  // What was typed by one person is never sent in the name of another.
  return mayAsk && (await hooks.askLogin()) && current?.user.id === id
}

async function spend(refresh_token) {
  let response
  try {
    response = await fetch('/api/v1/auth/refresh', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token }),
      signal: AbortSignal.timeout(30_000)
    })
  } catch (error) {
    throw unreachable(error)
  }
  if (response.ok) {
    return { tokens: await response.json() }
  }
  const problem = problemOf(response.status, await response.text(), response.headers)
  // Refused for what it is, not for lack of time or strength: only then is it worth nothing.
  if (problem.status === 401 || problem.status === 400) {
    return {}
  }
  throw problem
}

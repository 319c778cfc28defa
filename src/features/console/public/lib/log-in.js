import { API } from './base.js'
import { waitBeforeRetry } from './connection.js'
import {
  accessToken,
  endSession,
  isLoggedIn,
  obtainSession,
  ownRefreshToken,
  startSession
} from './session.js'
import { postApi, postSession } from './session-server.js'
import { inTurn } from './tabs.js'

const LOG_OUT_MS = 5000
/**
 * Remembers a log-out that the server does not know of, so that its cookie opens nothing here. Of this installation:
 * others may share its origin.
 */
const LOGGED_OUT = `logged-out ${API}`
let takesCookies = navigator.cookieEnabled

/** Logs in with an identifier and the password; returns the user. */
export const logIn = (body) => open('login', body, body)

/** Creates an account and logs in; returns the user. */
export const signUp = (body) => {
  const { username, email, password } = body
  return open('register', body, { ...(username ? { username } : { email }), password })
}

async function open(path, body, credentials) {
  if (!takesCookies) {
    return start(await postApi(`/auth/${path}`, body))
  }
  return inTurn(async () => {
    const tokens = await postSession(path, body)
    if (await keepsCookie()) {
      rememberLogOut(false)
      return start(tokens)
    }
    // The browser has not kept what it was given, nor will it: the tokens of the API stay in memory.
    takesCookies = false
    await postApi('/auth/logout', {}, tokens.access_token).catch(() => {})
    return start(await postApi('/auth/login', credentials))
  })
}

function start(tokens) {
  startSession(tokens)
  return tokens.user
}

const keepsCookie = () =>
  postSession('check').then(
    ({ has_cookie }) => has_cookie,
    () => true
  )

/**
 * Logs out, in all tabs. Throws when the server could not be told: then the session goes on there until it expires, but
 * nobody is logged in here.
 */
export async function logOut() {
  try {
    await inTurn(endOnServer)
  } finally {
    endSession()
  }
}

async function endOnServer() {
  if (ownRefreshToken() !== undefined) {
    return postApi('/auth/logout', {}, accessToken()).catch(unlessEnded)
  }
  rememberLogOut(true)
  await postSession('logout', {}, LOG_OUT_MS)
  rememberLogOut(false)
}

const unlessEnded = (error) => {
  if (error.status !== 401) {
    throw error
  }
}

/** Continues the session of the browser after a reload, or as another tab has it. Waits for a server that is away. */
export async function restoreSession() {
  if (!takesCookies) {
    return
  }
  if (hasLoggedOut()) {
    await inTurn(endOnServer).catch(() => {})
    return
  }
  for (let attempt = 1; !isLoggedIn(); attempt++) {
    try {
      await obtainSession()
      return
    } catch (error) {
      if (!isPassing(error)) {
        return
      }
      await waitBeforeRetry(error, attempt)
    }
  }
}

const isPassing = ({ status }) => status === 0 || status === 429 || status >= 500

function hasLoggedOut() {
  try {
    return localStorage.getItem(LOGGED_OUT) !== null
  } catch {
    return false
  }
}

function rememberLogOut(isPending) {
  try {
    if (isPending) {
      localStorage.setItem(LOGGED_OUT, 'yes')
    } else {
      localStorage.removeItem(LOGGED_OUT)
    }
  } catch {
    // Without storage, the next start of the console logs in again where the server was not told.
  }
}

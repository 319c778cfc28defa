import { mayOwnSession, rememberNobody, rememberOwner } from './session-owner.js'
import { postApi, postSession } from './session-server.js'
import { hasOtherTabs, inTurn, onTabMessage, tellTabs } from './tabs.js'

const RENEW_BEFORE_EXPIRY_MS = 20_000
/** How long another tab may take to say what it has. */
const ANSWER_MS = 250
/** How often a cookie is tried that may have just been replaced. */
const MAX_REFRESHES = 3
const ROLES = ['user', 'manager', 'admin']

/**
 * The current session. The access token lives in this variable, of which other tabs get a copy, and nowhere else; the
 * refresh token is in a cookie that no script can read. Only where the browser takes no cookies it is here as well:
 * then a tab is on its own, and a reload asks for the password again.
 */
let session
/** When the session became what it is, by which a tab knows what is newer than its own. */
let changedAt = 0
let onAnswer
let renewal
let reauthenticate = async () => false
const userListeners = new Set()
const tokenListeners = new Set()

export const currentUser = () => session?.user
export const isLoggedIn = () => session !== undefined
export const accessToken = () => session?.access_token
/** The refresh token, where it is not in a cookie. */
export const ownRefreshToken = () => session?.refresh_token
export const isAtLeast = (role) => ROLES.indexOf(session?.user.role) >= ROLES.indexOf(role)

/** Sets how to ask the user to log in again on the same page. The function resolves to true when they did. */
export const setReauthenticate = (ask) => {
  reauthenticate = ask
}
/** Calls the listener with the user, or undefined, whenever somebody logs in or out, here or in another tab. */
export const onUserChange = (listener) => {
  userListeners.add(listener)
}
/** Calls the listener whenever there is a new access token. Returns how to stop it. */
export const onNewToken = (listener) => {
  tokenListeners.add(listener)
  return () => tokenListeners.delete(listener)
}

/** Starts a session with a token set, or continues it with a new one, in all tabs unless it is this tab's own. */
export function startSession(tokens) {
  const next = { ...tokens, expiresAt: Date.now() + tokens.expires_in * 1000 }
  setSession(next, Date.now())
  if (!tokens.refresh_token) {
    rememberOwner(next.user.id)
    tellTabs({ type: 'session', session: next, at: changedAt })
  }
}

/** Forgets the session, in all tabs unless it was this tab's own. */
export function endSession() {
  const isOwn = ownRefreshToken() !== undefined
  setSession(undefined, Date.now())
  if (!isOwn) {
    rememberNobody()
    tellTabs({ type: 'ended', at: changedAt })
  }
}

function setSession(next, at) {
  const previousId = session?.user.id
  session = next
  changedAt = Math.max(at, changedAt + 1)
  onAnswer?.()
  if (previousId !== next?.user.id) {
    for (const listener of userListeners) {
      listener(session?.user)
    }
  }
  if (next) {
    for (const listener of [...tokenListeners]) {
      listener()
    }
  }
}

onTabMessage(({ type, session: theirs, at }) => {
  if (ownRefreshToken() !== undefined) {
    return
  }
  if (type === 'ask' && session && Date.now() < session.expiresAt && !expiresSoon()) {
    tellTabs({ type: 'session', session, at: changedAt })
  } else if (type !== 'ask' && at > changedAt) {
    setSession(theirs, at)
  }
})

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
  if (renewal && mayAsk && !renewal.mayAsk) {
    return renewal.outcome.then((isRenewed) => isRenewed || renewSession())
  }
  renewal ??= startRenewal(mayAsk)
  return renewal.outcome
}

function startRenewal(mayAsk) {
  const outcome = attemptRenewal(mayAsk).finally(() => {
    renewal = undefined
  })
  return { mayAsk, outcome }
}

async function attemptRenewal(mayAsk) {
  if (session === undefined) {
    return false
  }
  const { id } = session.user
  const isRenewed = await obtainSession()
  // What one user typed is never sent in the name of another.
  const isSame = () => session?.user.id === id
  return isRenewed ? isSame() : mayAsk && isSame() && (await reauthenticate()) && isSame()
}

/**
 * Gets a new access token: from another tab that has one, or else for the refresh token. Returns false when there is
 * none, and throws where nobody can tell.
 */
export async function obtainSession() {
  const own = ownRefreshToken()
  if (own !== undefined) {
    return start(await unlessRefused(() => postApi('/auth/refresh', { refresh_token: own })))
  }
  const before = changedAt
  return inTurn(async () => {
    // While this tab waited, another one may have renewed the session, or ended it.
    if (changedAt > before || (await askTabs())) {
      return isLoggedIn()
    }
    return refreshByCookie()
  })
}

function start(tokens) {
  if (tokens) {
    startSession(tokens)
    return true
  }
  rememberNobody()
  if (session) {
    // Its access token is no use to other tabs either.
    session = { ...session, expiresAt: 0 }
  }
  return false
}

/** Asks the other tabs for what they have. Tells whether it is newer. */
async function askTabs() {
  if (!(await hasOtherTabs())) {
    return false
  }
  const before = changedAt
  tellTabs({ type: 'ask' })
  await toldOrPatient(ANSWER_MS)
  return changedAt > before
}

/**
 * A page that is left during a refresh cannot see that the cookie was replaced, nor can tabs that no lock keeps apart:
 * of those one wins, tells the others what it has, and has replaced the cookie for whoever does not hear of it.
 */
async function refreshByCookie() {
  const before = changedAt
  for (let attempt = 1; attempt <= MAX_REFRESHES; attempt++) {
    const tokens = await unlessRefused(() => postSession('refresh').then((body) => body ?? null))
    if (tokens === null || (tokens && mayOwnSession(tokens.user.id))) {
      return start(tokens ?? undefined)
    }
    if (tokens) {
      break
    }
    if (changedAt === before) {
      await toldOrPatient(attempt * ANSWER_MS * (1 + Math.random()))
    }
    if (changedAt > before) {
      return isLoggedIn()
    }
  }
  // It will never be valid again, or was planted.
  await postSession('logout').catch(() => {})
  return start(undefined)
}

/** Resolves as soon as another tab has told of its session, or after a while. */
async function toldOrPatient(ms) {
  await new Promise((resolve) => {
    onAnswer = resolve
    setTimeout(resolve, ms)
  })
  onAnswer = undefined
}

/** Returns undefined when the token is not valid. Other statuses, such as 429 or 503, say nothing about it. */
async function unlessRefused(refresh) {
  try {
    return await refresh()
  } catch (error) {
    if (error.status === 401 || error.status === 400) {
      return undefined
    }
    throw error
  }
}

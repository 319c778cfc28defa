import { API } from './base.js'
import { networkError, waitBeforeRetry } from './connection.js'
import { ApiError, isAborted, parseProblem } from './problem.js'
import { noteBudget } from './read-budget.js'
import { accessToken, currentUser, expiresSoon, isLoggedIn, renewSession } from './session.js'
import { beginWrite } from './writes.js'

const TIMEOUT_MS = 30_000
const MAX_RETRIES = 6
/** A rate limit resets within a minute. After a longer wait the user decides whether to try again. */
const MAX_RETRY_AFTER_SECONDS = 60
const TRANSIENT_STATUSES = [0, 502, 503, 504]

/**
 * Calls the API and returns the body of the response. Retries transient failures of calls that are safe to repeat:
 * reads, deletions, changes with a version, and requests with an idempotency key. Throws ApiError for every rejected
 * call and AbortError after `signal` or when the session ends. `timeoutMs: 0` waits without a limit. What the user did
 * not ask for passes `QUIETLY`.
 */
export async function call(method, path, options = {}) {
  if (method === 'GET' || options.mayAsk === false) {
    return attempt(method, path, options)
  }
  const { requestId, end } = beginWrite()
  try {
    return await attempt(method, path, { ...options, requestId })
  } finally {
    end()
  }
}

/** Options of a call in the background: it neither shows that it waits nor asks for the password. */
export const QUIETLY = { retry: false, mayAsk: false }

async function attempt(method, path, options) {
  const { query, signal, raw = false } = options
  const url = `${API}${path}${queryString(query)}`
  const request = requestOf(method, options)
  for (let retries = 0; ; ) {
    try {
      const response = await sendAuthorized(url, request, signal)
      if (raw) {
        return response
      }
      const text = await response.text()
      return text === '' ? undefined : JSON.parse(text)
    } catch (error) {
      // An earlier attempt deleted it, although its response never arrived.
      if (retries > 0 && method === 'DELETE' && error.status === 404) {
        return undefined
      }
      if (!mayRetry(error, method, options) || retries >= MAX_RETRIES) {
        throw error
      }
      await waitBeforeRetry(error, ++retries, signal)
    }
  }
}

function requestOf(method, options) {
  const { body, version, idempotencyKey, requestId, timeoutMs = TIMEOUT_MS, mayAsk } = options
  return {
    method,
    mayAsk,
    userId: currentUser()?.id,
    headers: {
      ...(requestId !== undefined && { 'x-request-id': requestId }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(version !== undefined && { 'if-match': `"${version}"` }),
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey })
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    timeoutMs
  }
}

function mayRetry(error, method, { version, idempotencyKey, retry }) {
  const isSafe =
    method === 'GET' || method === 'DELETE' || version !== undefined || idempotencyKey !== undefined
  return !isAborted(error) && (retry ?? isSafe) && isTransient(error, method)
}

/** Tells whether the same call is likely to succeed a little later. */
export function isTransient(error, method = 'GET') {
  if (!(error instanceof ApiError)) {
    return false
  }
  if (error.status === 429) {
    return (
      method === 'GET' &&
      error.code === 'rate_limited' &&
      (error.retryAfter ?? 0) <= MAX_RETRY_AFTER_SECONDS
    )
  }
  return TRANSIENT_STATUSES.includes(error.status) || error.code === 'idempotency_in_flight'
}

const sessionEnded = () => new DOMException('the session has ended', 'AbortError')

/** Renews an access token that is about to expire. An error is ignored: the call itself will meet it again. */
async function renewInTime(mayAsk) {
  const isRenewed = await renewSession(mayAsk).catch(() => true)
  if (!isRenewed && mayAsk) {
    throw sessionEnded()
  }
}

/** Sends with the access token. Renews an expired token once, by asking the user for the password if need be. */
async function sendAuthorized(url, request, signal) {
  const mayAsk = request.mayAsk !== false
  if (!isPublic(url) && expiresSoon()) {
    await renewInTime(mayAsk)
  }
  for (let isRenewed = false; ; ) {
    const response = await send(url, request, signal)
    if (response.ok) {
      // Nor does the next user get to see, or to undo, what this one did.
      assertSameUser(url, request.userId)
      return response
    }
    const problem = parseProblem(response.status, await response.text(), response.headers)
    if (problem.code !== 'unauthenticated' || isPublic(url) || isRenewed || !isLoggedIn()) {
      throw problem
    }
    isRenewed = await renewSession(mayAsk)
    // The user logged out, or somebody else logged in: errors of the previous page are not for them.
    if (!isRenewed) {
      throw mayAsk ? sessionEnded() : problem
    }
  }
}

function assertSameUser(url, userId) {
  if (!isPublic(url) && currentUser()?.id !== userId) {
    throw sessionEnded()
  }
}

async function send(url, { method, headers, body, timeoutMs, userId }, signal) {
  const token = isPublic(url) ? undefined : accessToken()
  // What one user did is never sent in the name of another who has logged in since, perhaps in another tab.
  if (token) {
    assertSameUser(url, userId)
  }
  const signals = [
    ...(timeoutMs > 0 ? [AbortSignal.timeout(timeoutMs)] : []),
    ...(signal ? [signal] : [])
  ]
  try {
    const response = await fetch(url, {
      method,
      body,
      cache: 'no-store',
      credentials: 'omit',
      headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
      signal: AbortSignal.any(signals)
    })
    if (method === 'GET') {
      noteBudget(response.headers)
    }
    return response
  } catch (error) {
    if (isAborted(error) && signal?.aborted) {
      throw error
    }
    throw networkError(error)
  }
}

/** Tells whether an operation ignores the access token. */
const isPublic = (url) => /^\/auth\/(?!logout|sessions|verify-email$)/.test(url.slice(API.length))

/** Writes query parameters: arrays repeat their parameter, empty values are left out. */
export function queryString(query = {}) {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value]
      .flat()
      .filter((item) => item !== undefined && item !== null && item !== '')
      .map((item) => [name, String(item)])
  )
  return pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : ''
}

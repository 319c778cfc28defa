import { unreachable, waitToRetry } from './connection.js'
import { ApiError, isAborted, problemOf } from './problem.js'
import { accessToken, isLoggedIn, isNearlyOver, renew } from './session.js'

const BASE = '/api/v1'
const LOGOUT = `${BASE}/auth/logout`
const PATIENCE_MS = 30_000
const MOST_RETRIES = 6
/** A budget that is used up comes back within a minute; longer waits are for people to decide. */
const LONGEST_PAUSE_SECONDS = 60

/** A new name for a request that creates something: repeated under it, the request has no second effect. */
export const newKey = () => crypto.randomUUID()

/**
 * Calls the API and gives the answer's body. Calls that can be repeated without harm are: reads, changes that name the
 * version they are for, deletions, and creations under a key. Throws ApiError for every refusal, AbortError when given up.
 */
export async function call(
  method,
  path,
  {
    query,
    body,
    version,
    key,
    signal,
    repeat = method === 'GET' || method === 'DELETE' || version !== undefined || key !== undefined,
    raw = false,
    patience = PATIENCE_MS
  } = {}
) {
  const headers = {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(version !== undefined && { 'if-match': `"${version}"` }),
    ...(key !== undefined && { 'idempotency-key': key })
  }
  const url = `${BASE}${path}${queryText(query)}`
  const request = {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    patience
  }
  for (let retries = 0; ; ) {
    try {
      const response = await authorised(url, request, signal)
      if (raw) {
        return response
      }
      const text = await response.text()
      return text === '' ? undefined : JSON.parse(text)
    } catch (error) {
      // The first attempt reached its end although its answer did not reach us.
      if (retries > 0 && method === 'DELETE' && error.status === 404) {
        return undefined
      }
      if (isAborted(error) || !repeat || retries >= MOST_RETRIES || !isPassing(error, method)) {
        throw error
      }
      await waitToRetry(error, ++retries, signal)
    }
  }
}

/** Whether the same call may well succeed a little later. */
export function isPassing(error, method = 'GET') {
  if (!(error instanceof ApiError)) {
    return false
  }
  if (error.status === 429) {
    return (
      method === 'GET' &&
      error.code === 'rate_limited' &&
      (error.retryAfter ?? 0) <= LONGEST_PAUSE_SECONDS
    )
  }
  return (
    error.status === 0 ||
    error.status === 503 ||
    error.status === 502 ||
    error.status === 504 ||
    error.code === 'idempotency_in_flight'
  )
}

/** Sends with the access token; a token that has run out is renewed once, by the person if need be. */
async function authorised(url, request, signal) {
  const isGone =
    !isOpen(url) && isNearlyOver() && (await renew(url !== LOGOUT).catch(() => true)) === false
  if (isGone && url !== LOGOUT) {
    throw new DOMException('the session is over', 'AbortError')
  }
  for (let renewed = false; ; ) {
    const response = await send(url, request, signal)
    if (response.ok) {
      return response
    }
    const problem = problemOf(response.status, await response.text(), response.headers)
    if (problem.code !== 'unauthenticated' || isOpen(url) || renewed || !isLoggedIn()) {
      throw problem
    }
    renewed = await renew(url !== LOGOUT)
    // Whoever leaves instead, or comes back as somebody else, is not told about calls of the page before.
    if (!renewed) {
      throw url === LOGOUT ? problem : new DOMException('the session is over', 'AbortError')
    }
  }
}

async function send(url, { method, headers, body, patience }, signal) {
  const token = isOpen(url) ? undefined : accessToken()
  const limits = [
    ...(patience > 0 ? [AbortSignal.timeout(patience)] : []),
    ...(signal ? [signal] : [])
  ]
  try {
    return await fetch(url, {
      method,
      body,
      cache: 'no-store',
      credentials: 'omit',
      headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
      signal: AbortSignal.any(limits)
    })
  } catch (error) {
    if (isAborted(error) && signal?.aborted) {
      throw error
    }
    throw unreachable(error)
  }
}

/** Operations that do not look at a token. */
const isOpen = (url) => /^\/api\/v1\/auth\/(?!logout|sessions)/.test(url)

/** Query parameters; lists repeat theirs, what is empty is left out. */
export function queryText(query = {}) {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value]
      .flat()
      .filter((one) => one !== undefined && one !== null && one !== '')
      .map((one) => [name, String(one)])
  )
  return pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : ''
}

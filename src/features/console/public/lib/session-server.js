import { API } from './base.js'
import { networkError } from './connection.js'
import { parseProblem } from './problem.js'

/** Where the server keeps the refresh token in a cookie: this file is /app/{version}/lib/session-server.js. */
const SESSION = new URL('../../session', import.meta.url).pathname

/**
 * Sends to the routes of the session, which take the refresh token from the cookie. The request outlives the page: a
 * reload must not lose the cookie that replaces a used one.
 */
export const postSession = (path, body = {}, timeoutMs = 30_000) =>
  post(`${SESSION}/${path}`, { body, keepalive: true, credentials: 'same-origin' }, timeoutMs)

/** Sends to the API, without retries and without renewing anything. */
export const postApi = (path, body, token) => post(API + path, { body, token }, 30_000)

async function post(url, { body, token, credentials = 'omit', keepalive = false }, timeoutMs) {
  let response
  try {
    response = await fetch(url, {
      method: 'POST',
      cache: 'no-store',
      credentials,
      keepalive,
      headers: {
        'content-type': 'application/json',
        ...(token && { authorization: `Bearer ${token}` })
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs)
    })
  } catch (error) {
    throw networkError(error)
  }
  const text = await response.text()
  if (!response.ok) {
    throw parseProblem(response.status, text, response.headers)
  }
  return text === '' ? undefined : JSON.parse(text)
}

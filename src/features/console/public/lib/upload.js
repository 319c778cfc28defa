import { isTransient, queryString } from './api.js'
import { API } from './base.js'
import { networkError, waitBeforeRetry } from './connection.js'
import { newIdempotencyKey } from './idempotency.js'
import { isAborted, parseProblem } from './problem.js'
import { accessToken, currentUser, renewSession } from './session.js'

const MAX_RETRIES = 4

/**
 * Uploads a file as the only part of a form and returns the body of the response. Reports its progress (0 to 1).
 * Retries under one idempotency key, so that a file whose response was lost is not imported twice.
 */
export async function upload(path, file, { query, signal, onProgress }) {
  const idempotencyKey = newIdempotencyKey()
  const url = `${API}${path}${queryString(query)}`
  const userId = currentUser()?.id
  let isRenewed = false
  for (let retries = 0; ; ) {
    try {
      return await post(url, file, { userId, idempotencyKey, signal, onProgress })
    } catch (error) {
      if (error.code === 'unauthenticated' && !isRenewed) {
        isRenewed = true
        if (await renewSession()) {
          continue
        }
      }
      if (isAborted(error) || retries >= MAX_RETRIES || !isTransient(error, 'POST')) {
        throw error
      }
      await waitBeforeRetry(error, ++retries, signal)
    }
  }
}

const aborted = () => new DOMException('aborted', 'AbortError')

/** Sends by XMLHttpRequest, since `fetch` does not report the progress of an upload. */
function post(url, file, { userId, idempotencyKey, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    // Somebody else may have logged in since, perhaps in another tab.
    if (currentUser()?.id !== userId) {
      reject(aborted())
      return
    }
    const form = new FormData()
    form.append('file', file, file.name)
    const request = new XMLHttpRequest()
    const abort = () => request.abort()
    request.open('POST', url)
    request.setRequestHeader('authorization', `Bearer ${accessToken()}`)
    request.setRequestHeader('idempotency-key', idempotencyKey)
    request.upload.addEventListener('progress', ({ loaded, total }) =>
      onProgress(total > 0 ? loaded / total : 0)
    )
    request.addEventListener('load', () => {
      if (request.status < 300) {
        resolve(JSON.parse(request.responseText))
      } else {
        const headers = { get: (name) => request.getResponseHeader(name) }
        reject(parseProblem(request.status, request.responseText, headers))
      }
    })
    request.addEventListener('error', () => reject(networkError()))
    request.addEventListener('abort', () => reject(aborted()))
    request.addEventListener('loadend', () => signal.removeEventListener('abort', abort))
    signal.addEventListener('abort', abort)
    if (signal.aborted) {
      reject(aborted())
      return
    }
    request.send(form)
  })
}

import { isPassing, newKey, queryText } from './api.js'
import { unreachable, waitToRetry } from './connection.js'
import { isAborted, problemOf } from './problem.js'
import { accessToken, renew } from './session.js'

const MOST_RETRIES = 4

/**
 * Sends a file as the one part of a form, telling how far it is (0 to 1). Repeated under one key when its answer was
 * lost, so that it is never taken twice. Gives the answer's body.
 */
export async function upload(path, file, { query, signal, progress }) {
  const key = newKey()
  let renewed = false
  for (let retries = 0; ; ) {
    try {
      return await post(`/api/v1${path}${queryText(query)}`, file, { key, signal, progress })
    } catch (error) {
      if (error.code === 'unauthenticated' && !renewed) {
        renewed = true
        if (await renew()) {
          continue
        }
      }
      if (isAborted(error) || retries >= MOST_RETRIES || !isPassing(error, 'POST')) {
        throw error
      }
      await waitToRetry(error, ++retries, signal)
    }
  }
}

/** XMLHttpRequest, since `fetch` does not tell how far an upload is. */
function post(url, file, { key, signal, progress }) {
  return new Promise((resolve, reject) => {
    const form = new FormData()
    form.append('file', file, file.name)
    const request = new XMLHttpRequest()
    const stop = () => request.abort()
    request.open('POST', url)
    request.setRequestHeader('authorization', `Bearer ${accessToken()}`)
    request.setRequestHeader('idempotency-key', key)
    request.upload.addEventListener('progress', ({ loaded, total }) =>
      progress(total > 0 ? loaded / total : 0)
    )
    request.addEventListener('load', () => {
      if (request.status < 300) {
        resolve(JSON.parse(request.responseText))
      } else {
        reject(
          problemOf(request.status, request.responseText, {
            get: (name) => request.getResponseHeader(name)
          })
        )
      }
    })
    request.addEventListener('error', () => reject(unreachable()))
    request.addEventListener('abort', () => reject(new DOMException('given up', 'AbortError')))
    request.addEventListener('loadend', () => signal.removeEventListener('abort', stop))
    signal.addEventListener('abort', stop)
    if (signal.aborted) {
      reject(new DOMException('given up', 'AbortError'))
      return
    }
    request.send(form)
  })
}

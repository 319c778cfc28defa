import { randomId } from './random-id.js'

/** Makes an idempotency key: a request repeated under the same key has no second effect. */
export const newIdempotencyKey = () => randomId()

/**
 * Wraps `send(body, idempotencyKey)` so that submitting the same body again after a failure repeats the request under
 * its key and never creates a second resource. A different body, and any body after a success, gets a new key.
 */
export function idempotentSubmit(send) {
  let pending
  return async (body) => {
    const text = JSON.stringify(body)
    if (pending?.text !== text) {
      pending = { text, key: newIdempotencyKey() }
    }
    const result = await send(body, pending.key)
    pending = undefined
    return result
  }
}

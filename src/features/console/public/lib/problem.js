/** A refusal of the server (RFC 9457), or a call that came to nothing; `message` is for people. */
export class ApiError extends Error {
  constructor({
    status = 0,
    code = 'unreachable',
    title = 'Tasklane cannot be reached',
    detail,
    request_id = null,
    errors = [],
    retryAfter,
    current_version,
    changed_fields
  }) {
    super(detail ?? title)
    this.name = 'ApiError'
    Object.assign(this, {
      status,
      code,
      title,
      request_id,
      errors,
      retryAfter,
      current_version,
      changed_fields
    })
  }

  /** The fault at a field of the body, if there is one. */
  at(field) {
    return this.errors.find(
      ({ pointer }) => pointer === `/${field}` || pointer.startsWith(`/${field}/`)
    )
  }
}

/** Nobody is waiting for this any more. */
export const isAborted = (error) => error?.name === 'AbortError'

/** Reads the refusal from an answer, whatever stands in front of Tasklane has made of it. */
export function problemOf(status, text, headers) {
  const retryAfter = Number(headers.get('retry-after')) || undefined
  const request_id = headers.get('x-request-id')
  try {
    return new ApiError({ request_id, ...JSON.parse(text), status, retryAfter })
  } catch {
    return new ApiError({
      status,
      code: 'unknown',
      title: 'An unexpected answer',
      detail: `Something between here and Tasklane answered ${status}.`,
      request_id,
      retryAfter
    })
  }
}

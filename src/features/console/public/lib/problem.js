/** A rejected call (RFC 9457), or one without a response. `message` can be shown to users. */
export class ApiError extends Error {
  constructor({
    status = 0,
    code = 'unreachable',
    title = 'Cannot reach Tasklane',
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

  /** Returns the error at a field of the body, if there is one. */
  errorAt(field) {
    return this.errors.find(
      ({ pointer }) => pointer === `/${field}` || pointer.startsWith(`/${field}/`)
    )
  }
}

/** Tells whether a call was aborted, so that nobody waits for its outcome. */
export const isAborted = (error) => error?.name === 'AbortError'

/** Reads the problem from a response. Works for responses of proxies, too, which are not JSON. */
export function parseProblem(status, text, headers) {
  const retryAfter = Number(headers.get('retry-after')) || undefined
  const request_id = headers.get('x-request-id')
  try {
    return new ApiError({ request_id, ...JSON.parse(text), status, retryAfter })
  } catch {
    return new ApiError({
      status,
      code: 'unknown',
      title: 'Unexpected response',
      detail: `A proxy in front of Tasklane responded with status ${status}.`,
      request_id,
      retryAfter
    })
  }
}

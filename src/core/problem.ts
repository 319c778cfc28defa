export interface FieldError {
  in: 'body' | 'query' | 'path' | 'header'
  pointer: string
  code: string
  detail: string
}

const TYPE_BASE = 'https://tasklane.example/problems/'

/** Every refusal there is: code → status and title. A code is for ever; clients switch on it. */
export const catalogue = {
  invalid_request: [400, 'The request does not match the contract'],
  malformed_json: [400, 'The body is not valid JSON'],
  malformed_request: [400, 'The request is not valid HTTP'],
  invalid_code: [400, 'The code is not valid'],
  invalid_reset_token: [400, 'The reset token is not valid'],
  invalid_grant: [400, 'The credentials or the refresh token are not valid'],
  unsupported_grant_type: [400, 'The grant type is not supported'],
  unauthenticated: [401, 'A valid access token is required'],
  bad_credentials: [401, 'The credentials are not valid'],
  not_allowed: [403, 'Your role does not allow this'],
  missing_scope: [403, 'The API key does not allow this'],
  account_disabled: [403, 'The account is disabled'],
  email_unverified: [403, 'The address must be confirmed first'],
  too_many_keys: [403, 'There are as many API keys as there may be'],
  own_account: [403, 'You cannot do this to your own account'],
  wrong_password: [403, 'The password is not right'],
  quota_exceeded: [403, 'The quota of tasks is used up'],
  ip_banned: [403, 'Requests from this address are refused for a while'],
  not_found: [404, 'There is nothing here'],
  method_not_allowed: [405, 'The resource does not know this method'],
  request_timeout: [408, 'The request took too long to arrive'],
  account_exists: [409, 'An account with this name or address exists'],
  last_admin: [409, 'The last active admin stays'],
  own_address: [409, 'You cannot ban the address you come from'],
  already_banned: [409, 'A ban of this address or range is in force'],
  id_taken: [409, 'The id is taken'],
  key_already_made: [409, 'This request has made an API key before'],
  too_many_imports: [409, 'There are as many unfinished imports as there may be'],
  import_ended: [409, 'The import has come to its end'],
  idempotency_in_flight: [409, 'The first request with this idempotency key is still under way'],
  stale_version: [412, 'The resource has changed since the version you named'],
  body_too_large: [413, 'The body is too large'],
  uri_too_long: [414, 'The address of the request is too long'],
  unsupported_media_type: [415, 'The media type of the body is not supported'],
  expectation_failed: [417, 'The expectation cannot be met'],
  idempotency_key_reused: [422, 'The idempotency key was used for another request'],
  rate_limited: [429, 'Too many requests'],
  login_throttled: [429, 'Too many failed attempts'],
  too_many_codes: [429, 'Codes were asked for too often'],
  headers_too_large: [431, 'The header fields are too large'],
  internal_error: [500, 'Something went wrong on our side'],
  unavailable: [503, 'The service cannot answer right now']
} as const satisfies Record<string, readonly [number, string]>

export type ProblemCode = keyof typeof catalogue

/** What a single code adds to the common body. */
export interface ProblemExtras {
  errors?: FieldError[]
  current_version?: number
  changed_fields?: string[]
  error?: string
  error_description?: string
}

export interface ProblemOptions {
  detail?: string
  extras?: ProblemExtras
  headers?: Record<string, string>
  cause?: unknown
}

/** A refusal on its way to the caller: carries its status, is rendered in one place (plugins/problems.ts). */
export class Problem extends Error {
  code: ProblemCode
  statusCode: number
  extras: ProblemExtras
  headers: Record<string, string>

  constructor(code: ProblemCode, { detail, extras, headers, cause }: ProblemOptions = {}) {
    super(detail ?? `${catalogue[code][1]}.`, { cause })
    this.code = code
    this.statusCode = catalogue[code][0]
    this.extras = extras ?? {}
    this.headers = headers ?? {}
  }
}

/** A request whose shape is right but one of whose values is not. */
export function invalidField(
  where: FieldError['in'],
  pointer: string,
  code: string,
  detail: string
): Problem {
  return new Problem('invalid_request', {
    detail,
    extras: { errors: [{ in: where, pointer, code, detail }] }
  })
}

/** Nobody is known by these credentials, or nobody any more. */
export function unauthenticated(detail: string): Problem {
  return new Problem('unauthenticated', { detail, headers: { 'www-authenticate': 'Bearer' } })
}

/** Nothing happened; the caller may try again after so many seconds. */
export function unavailable(detail: string, retryAfterSeconds = 1, cause?: unknown): Problem {
  return new Problem('unavailable', {
    detail,
    headers: { 'retry-after': String(retryAfterSeconds) },
    cause
  })
}

/** The body of RFC 9457 for a problem that arose at `instance`. */
export function problemBody(problem: Problem, instance: string, requestId: string) {
  return {
    type: TYPE_BASE + problem.code.replaceAll('_', '-'),
    title: catalogue[problem.code][1],
    status: problem.statusCode,
    detail: problem.message,
    instance,
    code: problem.code,
    request_id: requestId,
    ...problem.extras
  }
}

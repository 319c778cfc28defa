export interface FieldError {
  in: 'body' | 'query' | 'path' | 'header'
  pointer: string
  code: string
  detail: string
}

/** Stands for the URL of an installation in what is written without one, such as the committed contract. */
export const PLACEHOLDER_URL = 'https://tasklane.example'

/** Every problem: code → status and title. A code never changes, because clients switch on it. */
export const catalogue = {
  invalid_request: [400, 'The request does not match the contract'],
  malformed_json: [400, 'The body is not valid JSON'],
  malformed_request: [400, 'The request is not valid HTTP'],
  invalid_code: [400, 'Invalid code'],
  invalid_reset_token: [400, 'Invalid reset token'],
  invalid_invitation: [400, 'Invalid invitation'],
  password_reused: [400, 'The account has this password already'],
  not_a_member: [400, 'The user is not a member of the project'],
  invalid_grant: [400, 'Invalid credentials or refresh token'],
  unsupported_grant_type: [400, 'Unsupported grant type'],
  unauthenticated: [401, 'A valid access token is required'],
  bad_credentials: [401, 'Invalid credentials'],
  not_allowed: [403, 'Your role does not allow this'],
  missing_scope: [403, 'The API key does not allow this'],
  registration_closed: [403, 'Registration is not open to everyone'],
  account_disabled: [403, 'The account is disabled'],
  email_unverified: [403, 'Confirm your email address first'],
  too_many_keys: [403, 'API key limit reached'],
  own_account: [403, 'You cannot do this to your own account'],
  wrong_password: [403, 'Wrong password'],
  password_required: [403, 'Your password is required'],
  quota_exceeded: [403, 'Quota exceeded'],
  cross_site: [403, 'Requests from other websites are not accepted here'],
  ip_banned: [403, 'Your IP address is banned'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  request_timeout: [408, 'The request took too long to arrive'],
  account_exists: [409, 'An account with this username or email exists'],
  last_admin: [409, 'Cannot remove the last active admin'],
  own_address: [409, 'You cannot ban your own IP address'],
  already_banned: [409, 'The IP address or range is already banned'],
  project_archived: [409, 'The project is archived'],
  project_owner: [409, 'The owner of a project cannot be removed from it'],
  project_too_large: [409, 'The project has too many tasks for this'],
  history_too_long: [409, 'The history of the task is too long for this'],
  invitation_over: [409, 'The invitation cannot be answered any more'],
  id_taken: [409, 'The id is already used'],
  key_already_made: [409, 'API key already created'],
  webhook_already_made: [409, 'Webhook already created'],
  webhook_disabled: [409, 'The webhook is disabled'],
  delivery_in_flight: [409, 'The delivery is being sent'],
  too_many_imports: [409, 'Too many unfinished imports'],
  import_ended: [409, 'The import has already finished'],
  idempotency_in_flight: [409, 'The first request with this idempotency key is still in progress'],
  response_not_stored: [
    409,
    'The first request was carried out; its response was too large to store'
  ],
  cursor_expired: [410, 'The feed does not go back so far'],
  stale_version: [412, 'The resource has changed since the version you named'],
  body_too_large: [413, 'The body is too large'],
  uri_too_long: [414, 'The URL is too long'],
  unsupported_media_type: [415, 'The media type of the body is not supported'],
  expectation_failed: [417, 'The expectation cannot be met'],
  idempotency_key_reused: [422, 'The idempotency key was used for another request'],
  rate_limited: [429, 'Too many requests'],
  login_throttled: [429, 'Too many failed attempts'],
  too_many_codes: [429, 'Too many code requests'],
  headers_too_large: [431, 'The header fields are too large'],
  internal_error: [500, 'Internal error'],
  unavailable: [503, 'Service unavailable']
} as const satisfies Record<string, readonly [number, string]>

export type ProblemCode = keyof typeof catalogue

/** Members that a single code adds to the common body. */
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
  /** False for a failure that is nobody's guess: it does not count towards a ban of the IP address. */
  isGuess?: boolean
  cause?: unknown
}

/** An error response: handlers throw it, http/error-handler.ts renders it. */
export class Problem extends Error {
  code: ProblemCode
  statusCode: number
  extras: ProblemExtras
  headers: Record<string, string>
  isGuess: boolean

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    const { detail, extras, headers, isGuess = true, cause } = options
    super(detail ?? `${catalogue[code][1]}.`, { cause })
    this.code = code
    this.statusCode = catalogue[code][0]
    this.extras = extras ?? {}
    this.headers = headers ?? {}
    this.isGuess = isGuess
  }
}

/** Rejects one value of a request whose shape is right. */
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

/** Rejects credentials that belong to no account, or no longer. */
export function unauthenticated(detail: string): Problem {
  return new Problem('unauthenticated', { detail, headers: { 'www-authenticate': 'Bearer' } })
}

/** Reports that nothing was done and that the client may try again after some seconds. */
export function unavailable(detail: string, retryAfterSeconds = 1, cause?: unknown): Problem {
  return new Problem('unavailable', {
    detail,
    headers: { 'retry-after': String(retryAfterSeconds) },
    cause
  })
}

/** Rejects a write by a client that has not seen the current version, and says what differs where that is known. */
export function staleVersionProblem(
  currentVersion: number,
  changedFields?: string[],
  etag = `"${currentVersion}"`
): Problem {
  return new Problem('stale_version', {
    detail: `The version is now ${currentVersion}. Read the resource again and repeat your change on it.`,
    extras: {
      current_version: currentVersion,
      ...(changedFields && { changed_fields: changedFields })
    },
    headers: { etag }
  })
}

/** Returns the `type` of a problem: the URL of the page that explains it, below the URL of the installation. */
export const problemType = (code: string, publicUrl: string): string =>
  `${publicUrl}/problems/${code.replaceAll('_', '-')}`

/** Returns the body of RFC 9457 for a problem that arose at `instance`. */
export function problemBody(
  problem: Problem,
  instance: string,
  requestId: string,
  publicUrl = PLACEHOLDER_URL
) {
  return {
    type: problemType(problem.code, publicUrl),
    title: catalogue[problem.code][1],
    status: problem.statusCode,
    detail: problem.message,
    instance,
    code: problem.code,
    request_id: requestId,
    ...problem.extras
  }
}

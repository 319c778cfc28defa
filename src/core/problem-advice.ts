import { md } from '../lib/md.ts'
import type { ProblemCode } from './problem.ts'

/** What each problem means, and what helps: for the person who reads its page. */
export const problemAdvice: Record<ProblemCode, string> = {
  invalid_request: md`A field, a parameter or a header is missing, unknown or not allowed. The member errors names each
    one by its place and says what would be valid. Nothing was changed.`,
  malformed_json:
    'The body cannot be read as JSON. Check its brackets, quotes and commas, and that it is UTF-8.',
  malformed_request:
    'The request breaks the rules of HTTP itself, such as a missing Host or a URL that is not encoded.',
  invalid_code: md`The code is wrong, used, expired, or was tried five times: the response is the same for all of them.
    Ask for a new code; only the newest one works.`,
  invalid_reset_token:
    'The token was used already or is older than ten minutes. Begin again at forgot-password.',
  invalid_invitation:
    'The invitation is used, withdrawn or expired, or its token is incomplete. Ask for a new one.',
  not_a_member: md`Tasks of a project are assigned to its owner or to a member, and it is given to a member. Add the
    person to the project first.`,
  password_reused:
    'The new password is the present one. Choose another; the reset token stays valid.',
  invalid_grant: md`The username, email or password is wrong, or the refresh token is spent or expired. After a spent
    refresh token, log in again: its session has ended.`,
  unsupported_grant_type:
    'Send grant_type=password with username and password, or grant_type=refresh_token.',
  unauthenticated: md`Send Authorization: Bearer followed by an access token or an API key. An access token lasts
    minutes: get a new one with the refresh token, or log in again.`,
  bad_credentials: md`The username, email or password is wrong. Whether the account exists is not told. Reset the
    password if you have forgotten it.`,
  not_allowed: 'You may see the resource, but what you asked for needs another role. Ask an admin.',
  missing_scope:
    'The API key was created without the scope that the operation needs. Create another key with it.',
  account_disabled: 'An admin has disabled the account. Ask one to enable it.',
  email_unverified:
    'This installation asks for a confirmed email address. Enter the code that was sent to it.',
  too_many_keys: 'Revoke an API key that is no longer used; then create the new one.',
  registration_closed: md`Strangers cannot sign up here. Ask an admin of this installation for an invitation or an
    account; the detail says which of them there is.`,
  own_account: 'Nobody changes their own role or disables themselves. Ask another admin.',
  wrong_password: 'The current password is wrong. You are still logged in.',
  password_required: md`The password was entered too long ago for an action like this. Repeat the request with
    current_password in its body.`,
  quota_exceeded: md`The account has as many tasks or stores as much as it may; the detail says which. Delete some
    tasks, or ask the operator for more.`,
  cross_site: md`A page of another website sent the request. The operator can name the origins that may in
    CORS_ORIGINS.`,
  ip_banned: md`Too many failed attempts came from this IP address, or an admin has banned it. Retry-After says when
    the ban ends. What you do with a valid token goes on under an automatic ban.`,
  not_found: md`There is no such path or resource, or you may not see it. If the path resembles one of the API, the
    member detail names it.`,
  method_not_allowed:
    'The path exists, but not with this method. The header Allow lists those that do.',
  request_timeout: 'The request took too long to arrive. Send it again over a better connection.',
  account_exists: md`Names and addresses are unique whatever their case. Log in, reset the password, or choose
    another one.`,
  last_admin: 'An installation needs an active admin. Make somebody else admin first.',
  own_address: 'The ban would lock you out: it covers the address that you are sending from.',
  already_banned: 'There is a ban for this address or range. Lift it to create another.',
  project_archived:
    'The project can only be read. Its admins and its owner open it again by setting archived to false.',
  project_owner:
    'The owner belongs to the project. Transfer the project to a member; then the former owner can leave.',
  project_too_large:
    'Move tasks out of the project, or delete some and wait until they are purged.',
  history_too_long:
    'Move fewer tasks at a time: subtasks one by one, or some of them to the top level first.',
  invitation_over: md`The invitation was answered, withdrawn or has expired; the detail says which. Ask for another
    one if you still need it.`,
  id_taken: md`A task with the id exists. If it is yours from an earlier attempt, that attempt has succeeded; otherwise
    make a new UUIDv7.`,
  key_already_made: md`The first request with this idempotency key has created an API key, whose secret is shown once
    only. Revoke it, and repeat the request with another idempotency key.`,
  webhook_already_made: md`A repetition of a request that has created a webhook. Its secret is never shown again:
    replace it with rotate-secret.`,
  webhook_disabled:
    'Nothing is sent to a disabled webhook. Set enabled to true, then repeat the request.',
  delivery_in_flight:
    'Read the delivery until its attempt has ended, then repeat the request if you still need it.',
  too_many_imports: 'Wait until an import has finished, or cancel one.',
  import_ended:
    'Only queued and running imports can be cancelled. The tasks that it has created stay.',
  idempotency_in_flight:
    'Wait for the time in Retry-After and repeat the request: you get the first response.',
  response_not_stored: 'Your request has taken effect. Read its result instead of repeating it.',
  cursor_expired: md`The cursor is older than the feed of changes goes back, so that what has happened since is not all
    known any more. Call without a cursor to get a new one, list what you follow, and go on from the new cursor.`,
  stale_version: md`Somebody has changed the resource since you read it. Read it again, repeat your change on it, and
    send its new version. For tasks and comments, changed_fields names what differs.`,
  body_too_large: 'Send less at once: split a batch or a file, or shorten a text.',
  uri_too_long: 'Shorten the URL: fewer filters, or a shorter search.',
  unsupported_media_type: md`The operation takes another Content-Type, which the member detail names. Bodies must not be
    compressed.`,
  expectation_failed: 'Leave out the header Expect, or send Expect: 100-continue.',
  idempotency_key_reused: 'A key belongs to one request. Send a new key with every other one.',
  rate_limited: md`Wait for the time in Retry-After. The headers RateLimit and RateLimit-Policy of every response say
    what is left. For load tests the operator can set RATE_LIMIT=off.`,
  login_throttled: md`Too many log-ins to this account have failed from your network. Wait for the time in Retry-After,
    or reset the password, which lifts the block where you do it.`,
  too_many_codes:
    'Wait for the time in Retry-After, and look for the codes that were sent already.',
  headers_too_large: 'Send fewer or shorter header fields. The API uses no cookies.',
  internal_error: md`The error is on the side of the server. The operator finds its cause in the log under the
    request_id.`,
  unavailable: md`The server is starting, stopping or too busy, or its database is out of reach. Repeat the request
    after the time in Retry-After. Nothing was changed, unless the member detail says otherwise.`
}

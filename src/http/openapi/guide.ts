import { md } from '../../lib/md.ts'

/** What every caller needs to know, in the description of the document. */
export const GUIDE = md`
  A self-hosted task-management backend.

  ## Start

  1. Sign up with \`POST /api/v1/auth/register\`. The response has an \`access_token\` and a \`refresh_token\`.
  2. Send \`Authorization: Bearer <access_token>\` with everything else. On this page: press **Authorize** and enter the
     username and password.
  3. Create a task with \`POST /api/v1/tasks\`: only \`title\` is required.

  An access token lasts 15 minutes unless the installation says otherwise (\`expires_in\`); exchange the refresh token
  for the next pair at \`POST /api/v1/auth/refresh\`. Programs use an API key instead: \`POST /api/v1/me/api-keys\`.

  ## Requests

  Bodies are JSON with names in snake_case. Times are RFC 3339 in UTC; where a day is meant, a date such as
  \`2030-12-31\` will do. What the contract does not know is refused, never ignored: an unknown field or parameter is a
  400 that names the closest one.

  ## Pages

  Lists take \`limit\` (1 to 100) and \`cursor\`. While \`pagination.has_more\` is true, send \`pagination.next_cursor\`
  as \`cursor\`, with the same filters; the header \`Link\` has the whole URL. A cursor belongs to its filters, its sort
  order and its caller.

  ## Versions

  Each change of a task raises its \`version\`, which is its \`ETag\`. With \`If-Match\` a change is made only if nobody
  else has changed the task since, or else it is a 412 that names the fields that differ. With \`If-None-Match\` an
  unchanged task is a 304. Comments come and go without a new version: while a task has any, its \`ETag\` has
  their number as well. \`If-Match\` compares the version alone.

  ## Repeated requests

  Send an \`Idempotency-Key\` of your own with what creates something. If the connection breaks, repeat the request with
  the same key: it takes effect once, and you get the first response, marked by \`Idempotent-Replayed\`.

  ## Limits

  \`RateLimit\` and \`RateLimit-Policy\` say what is left. After a 429 or a 503, wait for the seconds in
  \`Retry-After\`.

  ## Errors

  Every response of 400 or above is \`application/problem+json\` (RFC 9457). Switch on \`code\`; \`errors\` names each
  value that was not accepted, by its place; \`type\` is the URL of a page that explains the problem. Quote
  \`request_id\`, also in \`X-Request-Id\`, to whoever runs the installation.`

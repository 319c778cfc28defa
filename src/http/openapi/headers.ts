import { md } from '../../lib/md.ts'

/** The response headers that are named components of the published document. */
export const HEADERS = {
  RequestId: header('The id of this request. Quote it when you report a problem.', 64),
  EntityTag: header(
    md`
    The version of the resource, for \`If-Match\` and \`If-None-Match\`: \`"3"\`. That of a task with comments has their
    number as well, \`"3.2"\`, since they come and go without a new version; \`If-Match\` compares the version alone.`,
    64
  ),
  Location: header('Where the new resource is.', 2000),
  Link: header('The next page (RFC 8288), while there is one.', 8192),
  RetryAfter: {
    description: 'Seconds to wait before trying again.',
    schema: { type: 'integer', format: 'int32', minimum: 0, maximum: 86_400 }
  },
  RateLimit: header(
    md`
    What is left of the rate limit that the request counts against:
    \`"default";r=98;t=42\` means 98 requests in the next 42 seconds.`,
    100
  ),
  RateLimitPolicy: header(
    md`
    The rate limit that the request counts against: \`"default";q=100;w=60\` means 100 requests in
    60 seconds.`,
    100
  ),
  ContentDisposition: header('The name to save the file under (RFC 6266).', 200),
  Allow: header('With 405: the methods that the resource supports.', 200),
  Challenge: header('How to authenticate: `Bearer` (RFC 6750).', 200)
}
export type HeaderName = keyof typeof HEADERS

/** Refers to a header component. */
export const useHeader = (name: HeaderName) => ({ $ref: `#/components/headers/${name}` })

/** The headers of every response of the API. */
export const COMMON_HEADERS = {
  'X-Request-Id': useHeader('RequestId'),
  RateLimit: useHeader('RateLimit'),
  'RateLimit-Policy': useHeader('RateLimitPolicy')
}

function header(description: string, maxLength: number) {
  return { description, schema: { type: 'string', maxLength, pattern: '^[\\x20-\\x7e]*$' } }
}

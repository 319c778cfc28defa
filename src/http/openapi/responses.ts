import {
  catalogue,
  invalidField,
  Problem,
  type ProblemCode,
  problemBody
} from '../../core/problem.ts'
import type { ResponseObject } from './document-types.ts'
import { COMMON_HEADERS, type HeaderName, useHeader } from './headers.ts'

const EXAMPLE_ID = '019f2f6e-7c1a-7bbb-8bbb-0123456789ab'
const RETRY_AFTER = { 'Retry-After': 'RetryAfter' } as const

/** A response component: its name, a problem as its example, and the headers it has besides the common ones. */
interface ProblemResponse {
  name: string
  example: ProblemCode | Problem
  description: string
  headers?: Record<string, HeaderName>
}

/** The statuses that are named components; `Default` covers every general status. */
const BY_STATUS: Record<string, ProblemResponse> = {
  400: {
    name: 'BadRequest',
    example: invalidField('body', '/title', 'required', 'title is required.'),
    description: 'The request does not match the contract; `errors` lists each error.'
  },
  401: {
    name: 'Unauthorized',
    example: 'unauthenticated',
    description: 'No valid credentials.',
    headers: { 'WWW-Authenticate': 'Challenge' }
  },
  403: {
    name: 'Forbidden',
    example: 'not_allowed',
    description: 'You may see the resource but not do this.'
  },
  404: {
    name: 'NotFound',
    example: 'not_found',
    description: 'The resource does not exist, or you may not see it.'
  },
  409: {
    name: 'Conflict',
    example: 'id_taken',
    description: 'The request conflicts with the current state.'
  },
  412: {
    name: 'PreconditionFailed',
    example: 'stale_version',
    description: 'The resource has changed since the version you named.',
    headers: { ETag: 'EntityTag' }
  },
  413: {
    name: 'ContentTooLarge',
    example: 'body_too_large',
    description: 'The body is too large.'
  },
  415: {
    name: 'UnsupportedMediaType',
    example: 'unsupported_media_type',
    description: 'The media type of the body is not supported.'
  },
  422: {
    name: 'UnprocessableContent',
    example: 'idempotency_key_reused',
    description: 'The idempotency key belongs to another request.'
  },
  429: {
    name: 'TooManyRequests',
    example: 'rate_limited',
    description: 'Too many requests or failed attempts; try again after the time in Retry-After.',
    headers: RETRY_AFTER
  },
  500: {
    name: 'InternalServerError',
    example: 'internal_error',
    description: 'An error on our side; the log has it under the request id.'
  },
  503: {
    name: 'ServiceUnavailable',
    example: 'unavailable',
    description: 'Nothing was done; try again after the time in Retry-After.',
    headers: RETRY_AFTER
  }
}
const DEFAULT: ProblemResponse = {
  name: 'Default',
  example: 'method_not_allowed',
  description: 'Any general error: 405, 408, 413, 414, 415, 431, 5xx and 403 `ip_banned`.',
  headers: { Allow: 'Allow', ...RETRY_AFTER }
}

/** Refers to the component of a status of 400 and above, or to the one for all that an operation does not list. */
export function useProblemResponse(status: number | 'default'): ResponseObject {
  const { name } = BY_STATUS[status] ?? DEFAULT
  return { $ref: `#/components/responses/${name}` } as ResponseObject
}

/** All response components by name. */
export function problemResponses(): Record<string, unknown> {
  return Object.fromEntries(
    [...Object.values(BY_STATUS), DEFAULT].map((response) => [response.name, render(response)])
  )
}

function render({ example, description, headers = {} }: ProblemResponse) {
  const problem = typeof example === 'string' ? new Problem(example) : example
  return {
    description,
    headers: {
      ...COMMON_HEADERS,
      ...Object.fromEntries(
        Object.entries(headers).map(([header, component]) => [header, useHeader(component)])
      )
    },
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: {
          [problem.code]: {
            summary: catalogue[problem.code][1],
            value: problemBody(problem, `/api/v1/tasks/${EXAMPLE_ID}`, 'req-1')
          }
        }
      }
    }
  }
}

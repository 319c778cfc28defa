import {
  catalogue,
  invalidField,
  Problem,
  type ProblemCode,
  problemBody
} from '../../core/problem.ts'
import type {
  Components,
  Document,
  Example,
  Media,
  Operation,
  Parameter,
  RawDocument,
  ResponseObject
} from './document-types.ts'
import { addLinks } from './links.ts'

export type { Document, Operation, RawDocument } from './document-types.ts'

/** Statuses that stand as named components; `Default` covers every general status. */
const RESPONSES: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  412: 'PreconditionFailed',
  413: 'ContentTooLarge',
  415: 'UnsupportedMediaType',
  422: 'UnprocessableContent',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  503: 'ServiceUnavailable'
}
const EXAMPLE_ID = '019f2f6e-7c1a-7bbb-8bbb-0123456789ab'

const HEADERS = {
  RequestId: header('The id of this request; name it when you ask for help.', 64),
  EntityTag: header('The version of the resource, for `If-Match` and `If-None-Match`.', 64),
  Location: header('Where the new resource is.', 2000),
  Link: header('The next page (RFC 8288), while there is one.', 8192),
  RetryAfter: {
    description: 'Seconds to wait before trying again.',
    schema: { type: 'integer', format: 'int32', minimum: 0, maximum: 86_400 }
  },
  RateLimit: header(
    'On whatever counts against a budget, what is left of it: `"default";r=98;t=42` are 98 requests in the next 42 seconds.',
    100
  ),
  RateLimitPolicy: header(
    'On whatever counts against a budget, the budget: `"default";q=100;w=60` are 100 requests in 60 seconds.',
    100
  ),
  ContentDisposition: header('The name under which to keep the file (RFC 6266).', 200),
  Allow: header('With 405: the methods that the resource knows.', 200),
  Challenge: header('How to authenticate: `Bearer` (RFC 6750).', 200)
}

const PAGED = /^list/
/** What is done after its answer says where to look for it, and when. */
const IMPORTED = /^create\w+Import$/

/**
 * Completes what the routes declare: the refusals any operation may answer, headers, links, examples, a stable order.
 * Pure: the same routes give the same document, byte for byte.
 */
export function buildDocument(raw: RawDocument): Document {
  const document = structuredClone(raw)
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path)) {
      completeOperation(operation, document.components.schemas)
    }
  }
  addLinks(document.paths)
  for (const schema of Object.values(document.components.schemas)) {
    cleanSchema(schema)
  }
  document.components.responses = usedIn(
    JSON.stringify(document.paths),
    'responses',
    problemResponses()
  )
  document.components.headers = usedIn(
    JSON.stringify([document.paths, document.components.responses]),
    'headers',
    HEADERS
  )
  return sorted(document) as Document
}

function completeOperation(operation: Operation, schemas: Components['schemas']): void {
  const { 'x-allow': allow, 'x-scope': scope, 'x-problems': codes = [] } = operation
  delete operation['x-allow']
  delete operation['x-scope']
  delete operation['x-problems']
  if (allow === 'anyone') {
    operation.security = []
  } else {
    operation.description += scope
      ? ` API keys need the scope \`${scope}\`.`
      : ' Closed to API keys.'
  }
  for (const parameter of operation.parameters ?? []) {
    completeParameter(parameter, schemas)
  }
  if (operation.requestBody) {
    operation.requestBody.required = true
  }
  for (const media of Object.values(operation.requestBody?.content ?? {})) {
    addExample(media, schemas)
  }
  for (const [status, answer] of Object.entries(operation.responses)) {
    completeAnswer(operation, status, answer, schemas)
  }
  for (const status of refusalStatuses(operation, allow, codes)) {
    operation.responses[status] = {
      $ref: `#/components/responses/${RESPONSES[status]}`
    } as ResponseObject
  }
  operation.responses.default = { $ref: '#/components/responses/Default' } as ResponseObject
  if (codes.length > 0) {
    operation.description += ` Refusals: ${codes.map((code) => `\`${code}\` (${catalogue[code][0]})`).join(', ')}.`
  }
}

function refusalStatuses(
  { requestBody }: Operation,
  allow: string | undefined,
  codes: ProblemCode[]
): number[] {
  const always = [400, 429, 500, 503]
  const body = requestBody ? [413, 415] : []
  const role = allow === 'anyone' ? [] : [401, 403]
  return [...new Set([...always, ...body, ...role, ...codes.map((code) => catalogue[code][0])])]
}

function completeParameter(parameter: Parameter, schemas: Components['schemas']): void {
  parameter.required ??= false
  // A description beside a reference is lost on the way; the component's own says it as well.
  parameter.description ??= schemas[String(parameter.schema.$ref).split('/').at(-1) ?? '']
    ?.description as string
  if (parameter.schema.type === 'array') {
    Object.assign(parameter, { style: 'form', explode: true })
  }
  if ('x-hint' in parameter.schema) {
    delete parameter.schema['x-hint']
  }
}

function completeAnswer(
  { operationId }: Operation,
  status: string,
  answer: ResponseObject,
  schemas: Components['schemas']
): void {
  for (const media of Object.values(answer.content ?? {})) {
    addExample(media, schemas)
    const name = media.schema.$ref?.split('/').at(-1) ?? ''
    const properties = schemas[name]?.properties as Record<string, unknown> | undefined
    answer.headers = headersOf(
      operationId,
      status,
      properties !== undefined && 'version' in properties
    )
    if (!name) {
      Object.assign(answer.headers, {
        'Content-Disposition': { $ref: '#/components/headers/ContentDisposition' }
      })
    }
  }
  answer.headers ??= headersOf(operationId, status, status === '304')
}

function headersOf(
  operationId: string,
  status: string,
  isVersioned: boolean
): Record<string, unknown> {
  const use = (name: keyof typeof HEADERS) => ({ $ref: `#/components/headers/${name}` })
  return {
    'X-Request-Id': use('RequestId'),
    RateLimit: use('RateLimit'),
    'RateLimit-Policy': use('RateLimitPolicy'),
    ...(isVersioned && { ETag: use('EntityTag') }),
    ...(status === '201' && isVersioned && { Location: use('Location') }),
    ...(IMPORTED.test(operationId) &&
      status === '202' && { Location: use('Location'), 'Retry-After': use('RetryAfter') }),
    ...(PAGED.test(operationId) && status === '200' && { Link: use('Link') })
  }
}

function addExample(media: Media, schemas: Components['schemas']): void {
  const name = media.schema.$ref?.split('/').at(-1) ?? ''
  const { description, examples } = (schemas[name] ?? {}) as {
    description?: string
    examples?: unknown[]
  }
  if (examples?.[0] !== undefined) {
    media.examples = {
      [name]: {
        summary: String(description).replaceAll('`', '').split(/[;:.]/)[0] as string,
        value: examples[0]
      }
    }
  }
}

function problemResponses(): Record<string, unknown> {
  const use = (name: keyof typeof HEADERS) => ({ $ref: `#/components/headers/${name}` })
  const one = (
    sample: ProblemCode | Problem,
    description: string,
    extra: Record<string, unknown> = {}
  ) => {
    const problem = typeof sample === 'string' ? new Problem(sample) : sample
    const example: Example = {
      summary: catalogue[problem.code][1],
      value: problemBody(problem, `/api/v1/tasks/${EXAMPLE_ID}`, 'req-1')
    }
    return {
      description,
      headers: {
        'X-Request-Id': use('RequestId'),
        RateLimit: use('RateLimit'),
        'RateLimit-Policy': use('RateLimitPolicy'),
        ...extra
      },
      content: {
        'application/problem+json': {
          schema: { $ref: '#/components/schemas/Problem' },
          examples: { [problem.code]: example }
        }
      }
    }
  }
  return {
    BadRequest: one(
      invalidField('body', '/title', 'required', 'title is required.'),
      'The request does not match the contract; `errors` names each fault.'
    ),
    Unauthorized: one('unauthenticated', 'No valid credentials.', {
      'WWW-Authenticate': use('Challenge')
    }),
    Forbidden: one('not_allowed', 'You may see it but not do this.'),
    NotFound: one('not_found', 'There is nothing here, or nothing that you may see.'),
    Conflict: one('id_taken', 'It clashes with what is there.'),
    PreconditionFailed: one('stale_version', 'It has changed since the version you named.', {
      ETag: use('EntityTag')
    }),
    ContentTooLarge: one('body_too_large', 'The body is too large.'),
    UnsupportedMediaType: one(
      'unsupported_media_type',
      'The media type of the body is not supported.'
    ),
    UnprocessableContent: one(
      'idempotency_key_reused',
      'The idempotency key belongs to another request.'
    ),
    TooManyRequests: one(
      'rate_limited',
      'Too many requests, or too many failed attempts; try again after the time in Retry-After.',
      { 'Retry-After': use('RetryAfter') }
    ),
    InternalServerError: one(
      'internal_error',
      'A fault on our side; the request id finds it in the log.'
    ),
    ServiceUnavailable: one(
      'unavailable',
      'Nothing was done; try again after the time in Retry-After.',
      { 'Retry-After': use('RetryAfter') }
    ),
    Default: one(
      'method_not_allowed',
      'Any general refusal: 405, 408, 413, 414, 415, 431, 5xx and 403 `ip_banned`.',
      { Allow: use('Allow'), 'Retry-After': use('RetryAfter') }
    )
  }
}

/** What nothing refers to would only puzzle the reader. */
function usedIn(
  text: string,
  kind: string,
  parts: Record<string, unknown>
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parts).filter(([name]) => text.includes(`"#/components/${kind}/${name}"`))
  )
}

/** Hints are for our own refusals; `$id` has done its work. */
function cleanSchema(schema: unknown): void {
  if (schema === null || typeof schema !== 'object') {
    return
  }
  delete (schema as Record<string, unknown>)['x-hint']
  delete (schema as Record<string, unknown>).$id
  for (const inner of Object.values(schema)) {
    cleanSchema(inner)
  }
}

function header(description: string, maxLength: number) {
  return { description, schema: { type: 'string', maxLength, pattern: '^[\\x20-\\x7e]*$' } }
}

/** Components, paths and their keys in alphabetical order, so that an addition never moves anything else. */
function sorted(value: unknown, depth = 0): unknown {
  if (Array.isArray(value) || value === null || typeof value !== 'object' || depth > 3) {
    return value
  }
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner, depth + 1)])
  )
}

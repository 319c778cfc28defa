import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import {
  Problem,
  type ProblemCode,
  problemBody,
  unauthenticated,
  unavailable
} from '../core/problem.ts'
import { classifyDbError } from '../db/errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Sends problems as application/json to a client that accepts nothing else, such as an OAuth library. */
    hasPlainJsonProblems?: true
    /** The path of the operation that takes the same as a form. */
    formsAt?: string
  }
  interface FastifyRequest {
    problem: Problem | null
  }
}

export const PROBLEM_JSON = 'application/problem+json'
const MAX_INSTANCE_LENGTH = 8192

/** Renders every error, wherever it arises in Fastify, as application/problem+json. */
export const errorHandler = fp(async (app) => {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
})

/** Renders any error: a problem as it is, a known failure as what it means, any other as a 500 that reveals nothing. */
export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply
): FastifyReply {
  const problem = toProblem(error, request)
  logProblem(error, problem, request)
  request.problem = problem
  // Set here as well, for a request that was rejected before any other hook ran.
  reply.header('x-request-id', request.id)
  const { basePath, publicUrl } = request.server
  const body = problemBody(problem, basePath + pathOf(request.url), request.id, publicUrl)
  return reply
    .code(problem.statusCode)
    .headers(problem.headers)
    .type(mediaType(request))
    .send(JSON.stringify(body))
}

/** The path of a URL, no longer than a problem's `instance` may be. */
export const pathOf = (url: string): string => {
  const end = url.indexOf('?')
  return (end < 0 ? url : url.slice(0, end)).slice(0, MAX_INSTANCE_LENGTH)
}

const isAborted = (error: unknown, { raw }: FastifyRequest): boolean =>
  error instanceof Error && error === raw.errored

function logProblem(error: unknown, problem: Problem, request: FastifyRequest): void {
  if (isAborted(error, request)) {
    request.log.info({ err: error }, 'the client disconnected before the body was complete')
  } else if (problem.statusCode >= 500) {
    const cause = error instanceof Problem ? error.cause : error
    const level = problem.statusCode === 503 ? 'warn' : 'error'
    request.log[level]({ err: cause ?? error }, problem.code)
  }
}

function mediaType({ routeOptions, headers: { accept } }: FastifyRequest): string {
  const wantsPlain =
    routeOptions.config?.hasPlainJsonProblems &&
    accept?.includes('application/json') &&
    !accept.includes(PROBLEM_JSON)
  return wantsPlain ? 'application/json; charset=utf-8' : PROBLEM_JSON
}

const FASTIFY_CODES: Record<string, [ProblemCode, string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'The body is larger than this operation accepts.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'malformed_request',
    'The length of the body differs from Content-Length.'
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformed_json', 'The body is not valid JSON.'],
  FST_ERR_BAD_URL: ['malformed_request', 'The URL is not validly percent-encoded.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'Not found.'],
  FST_STATIC_FORBIDDEN_PATH: ['not_found', 'Not found.'],
  FST_ERR_HANDLER_TIMEOUT: ['unavailable', 'The request took too long. Try again.']
}
/** For what another library rejects, such as a range beyond the end of a static file: the client's error. */
const REJECTED_BY_LIBRARY: [ProblemCode, string] = [
  'malformed_request',
  'The request asks for something that is not possible.'
]
const isClientError = (statusCode: number | undefined): boolean =>
  statusCode !== undefined && statusCode >= 400 && statusCode < 500

function toProblem(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) {
    return error
  }
  if (isAborted(error, request)) {
    return new Problem('malformed_request', { cause: error })
  }
  return (
    mediaTypeProblem(error, request) ??
    frameworkProblem(error) ??
    databaseProblem(error, request) ??
    new Problem('internal_error', {
      detail: 'The log has the cause under this request id.',
      cause: error
    })
  )
}

/** Names the media type that the operation takes; a form is also told where forms are taken. */
function mediaTypeProblem(error: unknown, request: FastifyRequest): Problem | undefined {
  if ((error as Partial<FastifyError> | null)?.code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return undefined
  }
  const { routeOptions, headers, server } = request
  const { consumes = ['application/json'] } = (routeOptions.schema ?? {}) as { consumes?: string[] }
  const { formsAt } = routeOptions.config
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded')
  const elsewhere =
    isForm && formsAt !== undefined ? ` A form is taken by POST ${server.basePath}${formsAt}.` : ''
  return new Problem('unsupported_media_type', {
    detail: `Send the body as ${consumes.join(' or ')}.${elsewhere}`,
    cause: error
  })
}

function frameworkProblem(error: unknown): Problem | undefined {
  const { code: fastifyCode = '', statusCode } = (error ?? {}) as Partial<FastifyError>
  const known =
    FASTIFY_CODES[fastifyCode] ?? (isClientError(statusCode) ? REJECTED_BY_LIBRARY : undefined)
  if (known === undefined) {
    return undefined
  }
  const [code, detail] = known
  return code === 'unavailable'
    ? unavailable(detail, 1, error)
    : new Problem(code, { detail, cause: error })
}

function databaseProblem(error: unknown, { method, caller }: FastifyRequest): Problem | undefined {
  switch (classifyDbError(error)) {
    case 'unavailable':
    case 'retryable':
      return unavailable(
        'The database is unreachable or busy. Nothing was changed. Try again.',
        1,
        error
      )
    case 'unknown_outcome':
      return unavailable(
        method === 'GET' || method === 'HEAD'
          ? 'The connection to the database was lost. Try again.'
          : 'The connection to the database was lost before it confirmed the change. ' +
              'Check whether the change was made before you repeat it.',
        1,
        error
      )
    case 'invalid_value':
      return new Problem('invalid_request', {
        detail: 'A value is outside the range that can be stored.',
        cause: error
      })
    // Every row refers to a user: one who was deleted during this request was known when it began.
    case 'foreign_key_violation':
      return caller
        ? unauthenticated('The account has been deleted.')
        : unavailable('The account was changed at the same time. Try again.', 1, error)
    default:
      return undefined
  }
}

import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { v7 as uuidv7 } from 'uuid'
import {
  Problem,
  type ProblemCode,
  problemBody,
  unauthenticated,
  unavailable
} from '../core/problem.ts'
import { classifyDbError } from '../db/errors.ts'

export const PROBLEM_JSON = 'application/problem+json'

/** Every refusal, wherever it arises in Fastify, leaves as application/problem+json. */
export const errorHandler = fp(async (app) => {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
})

/** Renders any error: a problem as it is, a known failure as what it means, everything else as a 500 that says nothing. */
export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply
): FastifyReply {
  const problem = toProblem(error, request)
  if (error instanceof Error && error === request.raw.errored) {
    request.log.info({ err: error }, 'the caller went away before the body was complete')
  } else if (problem.statusCode >= 500) {
    const cause = error instanceof Problem ? error.cause : error
    request.log[problem.statusCode === 503 ? 'warn' : 'error'](
      { err: cause ?? error },
      problem.code
    )
  }
  request.problem = problem
  // Also where the request was refused before anything else could say its id.
  reply.header('x-request-id', request.id)
  const body = problemBody(problem, pathOf(request.url), request.id)
  return reply
    .code(problem.statusCode)
    .headers(problem.headers)
    .type(mediaType(request))
    .send(JSON.stringify(body))
}

/** Refusals that no hook of ours sees; they carry the `common` headers of every answer all the same. */
export function socketErrorHandlers(common: Record<string, string>) {
  const onSocket = (socket: Duplex, problem: Problem): void => {
    if (!socket.writable) {
      socket.destroy()
      return
    }
    const id = uuidv7()
    const body = JSON.stringify(problemBody(problem, '/', id))
    const headers = {
      ...common,
      ...problem.headers,
      'content-type': PROBLEM_JSON,
      'content-length': Buffer.byteLength(body),
      'x-request-id': id,
      connection: 'close'
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    socket.end(
      [
        `HTTP/1.1 ${problem.statusCode} ${STATUS_CODES[problem.statusCode]}`,
        ...lines,
        '',
        body
      ].join('\r\n')
    )
  }
  return {
    /** The address itself could not be read, so that there was no route whose hooks could run. */
    frameworkErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
      sendProblem(error, request, reply.headers({ ...common, 'x-request-id': request.id }))
    },
    /** Bytes that are not HTTP, headers that are too large or too slow: answered on the bare socket, then closed. */
    clientErrorHandler(
      error: Error & { code?: string; rawPacket?: unknown },
      socket: Duplex
    ): void {
      if (error.code === 'ECONNRESET') {
        return
      }
      const code = SOCKET_CODES[error.code ?? ''] ?? 'malformed_request'
      const isFirstLine = /^[A-Z]+ \S{8193}/.test(String(error.rawPacket ?? ''))
      onSocket(
        socket,
        new Problem(code === 'headers_too_large' && isFirstLine ? 'uri_too_long' : code)
      )
    },
    /** Tunnels are no business of ours. Node would close the connection without a word. */
    refuseConnect: (_request: unknown, socket: Duplex): void =>
      onSocket(socket, new Problem('method_not_allowed', { headers: { allow: '' } }))
  }
}

/** OAuth libraries ask for application/json and nothing else; the body is the same. */
function mediaType(request: FastifyRequest): string {
  const { accept } = request.headers
  const wantsPlain =
    request.routeOptions.url?.endsWith('/auth/token') &&
    accept?.includes('application/json') &&
    !accept.includes(PROBLEM_JSON)
  return wantsPlain ? 'application/json; charset=utf-8' : PROBLEM_JSON
}

export const pathOf = (url: string): string => {
  const end = url.indexOf('?')
  return (end < 0 ? url : url.slice(0, end)).slice(0, 8192)
}

const SOCKET_CODES: Record<string, ProblemCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body_too_large'
}

const FASTIFY_CODES: Record<string, [ProblemCode, string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'The body is larger than this route takes.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media_type',
    'Send the body in the media type that the contract names for this operation.'
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'malformed_request',
    'The body does not have the length that Content-Length says.'
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformed_json', 'The body is not valid JSON.'],
  FST_ERR_BAD_URL: [
    'malformed_request',
    'The address of the request is not validly percent-encoded.'
  ],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'There is nothing here.'],
  FST_STATIC_FORBIDDEN_PATH: ['not_found', 'There is nothing here.'],
  FST_ERR_HANDLER_TIMEOUT: ['unavailable', 'The request took too long. Try again.']
}
/** What a library below us refuses (a range beyond the end of a static file) is the caller's fault, whatever its name there. */
const REFUSED: [ProblemCode, string] = [
  'malformed_request',
  'The request asks for something that cannot be.'
]
const isRefusal = (statusCode: number | undefined): boolean =>
  statusCode !== undefined && statusCode >= 400 && statusCode < 500

function toProblem(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) {
    return error
  }
  if (error instanceof Error && error === request.raw.errored) {
    return new Problem('malformed_request', { cause: error })
  }
  const { code: fastifyCode = '', statusCode } = (error ?? {}) as Partial<FastifyError>
  const [code, detail] = FASTIFY_CODES[fastifyCode] ?? (isRefusal(statusCode) ? REFUSED : [])
  if (code === 'unavailable') {
    return unavailable(detail as string, 1, error)
  }
  if (code) {
    return new Problem(code, { detail: detail as string, cause: error })
  }
  return (
    databaseProblem(error, request) ??
    new Problem('internal_error', {
      detail: 'The fault is in the log under this request id.',
      cause: error
    })
  )
}

function databaseProblem(error: unknown, { method, caller }: FastifyRequest): Problem | undefined {
  switch (classifyDbError(error)) {
    case 'unavailable':
    case 'retryable':
      return unavailable(
        'The database cannot be reached or is busy. Nothing was changed; try again.',
        1,
        error
      )
    case 'unknown_outcome':
      return unavailable(
        method === 'GET' || method === 'HEAD'
          ? 'The connection to the database broke. Try again.'
          : 'The connection to the database broke before it confirmed the change. Read before you repeat it.',
        1,
        error
      )
    case 'invalid_value':
      return new Problem('invalid_request', {
        detail: 'A value is outside what can be stored.',
        cause: error
      })
    // Whatever is written refers to a user. One who is deleted while they still ask was known a moment ago.
    case 'foreign_key_violation':
      return caller
        ? unauthenticated('The account is gone.')
        : unavailable('The account was changed at the same moment. Try again.', 1, error)
    default:
      return undefined
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    problem: Problem | null
  }
}

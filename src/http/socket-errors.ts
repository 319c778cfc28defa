import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Problem, type ProblemCode, problemBody } from '../core/problem.ts'
import { newId } from '../lib/uuid.ts'
import { PROBLEM_JSON, sendProblem } from './error-handler.ts'

const SOCKET_CODES: Record<string, ProblemCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body_too_large'
}
/** How long a peer that was rejected has to read the response and to close its end. */
const CLOSE_MS = 2000
/** A request line whose URL is longer than 8192 characters. */
const LONG_REQUEST_LINE = /^[A-Z]+ \S{8193}/

/** Handlers of the errors that none of our hooks sees; their responses carry the `common` headers all the same. */
export function socketErrorHandlers(common: Record<string, string>, publicUrl: () => string) {
  const respond = (socket: Duplex, problem: Problem) =>
    respondOnSocket(socket, problem, common, publicUrl())
  return {
    /** Responds to a URL that could not be read, so that there is no route whose hooks could run. */
    frameworkErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
      sendProblem(error, request, reply.headers({ ...common, 'x-request-id': request.id }))
    },
    /** Responds on the socket to what is not HTTP, and to headers that are too large or too slow; then closes it. */
    clientErrorHandler(
      error: Error & { code?: string; rawPacket?: unknown },
      socket: Duplex
    ): void {
      if (error.code === 'ECONNRESET') {
        return
      }
      const code = SOCKET_CODES[error.code ?? ''] ?? 'malformed_request'
      const isLongLine = LONG_REQUEST_LINE.test(String(error.rawPacket ?? ''))
      const problem = code === 'headers_too_large' && isLongLine ? 'uri_too_long' : code
      respond(socket, new Problem(problem))
    },
    /** Rejects a tunnel, for which Node would close the connection without a response. */
    refuseConnect(_request: unknown, socket: Duplex): void {
      const problem = new Problem('method_not_allowed', { headers: { allow: '' } })
      respond(socket, problem)
    }
  }
}

function respondOnSocket(
  socket: Duplex,
  problem: Problem,
  common: Record<string, string>,
  publicUrl: string
): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const id = newId()
  const body = JSON.stringify(problemBody(problem, '/', id, publicUrl))
  const headers = {
    ...common,
    ...problem.headers,
    'content-type': PROBLEM_JSON,
    'content-length': Buffer.byteLength(body),
    'x-request-id': id,
    connection: 'close'
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const statusLine = `HTTP/1.1 ${problem.statusCode} ${STATUS_CODES[problem.statusCode]}`
  socket.end([statusLine, ...lines, '', body].join('\r\n'))
  // Closing at once would discard what the peer has not read yet; one that never closes would keep the socket.
  const timer = setTimeout(() => socket.destroy(), CLOSE_MS).unref()
  socket.once('close', () => clearTimeout(timer))
}

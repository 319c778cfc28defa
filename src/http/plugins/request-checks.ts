import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { invalidField, Problem } from '../../core/problem.ts'
import { isValidText } from '../../lib/json-scan.ts'
import { checkBodyPresence } from '../body-presence.ts'
import { pathOf } from '../error-handler.ts'
import { hookOf } from '../hooks.ts'
import { addJsonParser } from '../json-body.ts'

const MAX_URL_LENGTH = 8192
const MAX_QUERY_PARAMETERS = 50
/** With those that are repeated, such as a hundred ids. */
const MAX_QUERY_VALUES = 150
/** RFC 9112, section 3.2: a name or IP address with an optional port. */
const HOST = /^([\w.~!$&'()*+,;=%-]*|\[[0-9a-f:.]+\])(:\d{0,5})?$/i

/** Checks the URL, headers and query of every request before its route runs, and sets how JSON bodies are parsed. */
export const requestChecks = fp(async (app) => {
  app.decorateRequest('problem', null)

  app.addHook(
    'onRequest',
    hookOf((request, reply) => {
      reply.header('x-request-id', request.id)
      checkUrl(request.raw.url ?? '/')
      checkHost(request.raw)
      checkHeaders(request.headers)
      checkQuery(request.raw.url ?? '/')
    })
  )
  checkBodyPresence(app)
  addJsonParser(app)
})

function checkUrl(url: string): void {
  if (url.length > MAX_URL_LENGTH) {
    throw new Problem('uri_too_long', {
      detail: `A URL may have at most ${MAX_URL_LENGTH} characters.`
    })
  }
  if (url.includes('%00') && pathOf(url).includes('%00')) {
    throw new Problem('malformed_request', { detail: 'The URL contains NUL.' })
  }
}

/**
 * Requires one valid Host, as RFC 9112 demands: servers and proxies that pick different ones of several disagree about
 * which resource is requested.
 */
function checkHost({ httpVersionMinor, headers, rawHeaders }: FastifyRequest['raw']): void {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    hosts += name.length === 4 && name.toLowerCase() === 'host' ? 1 : 0
  }
  if ((hosts === 0 && httpVersionMinor === 0) || (hosts === 1 && HOST.test(headers.host ?? ''))) {
    return
  }
  throw new Problem('malformed_request', {
    detail:
      hosts === 0 ? 'HTTP/1.1 requires a Host header.' : 'Send one Host header with a valid name.',
    headers: { connection: 'close' }
  })
}

function checkHeaders(headers: FastifyRequest['headers']): void {
  const { expect, 'content-encoding': encoding, 'content-length': length } = headers
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
    throw new Problem('expectation_failed', { headers: { connection: 'close' } })
  }
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity' && length !== '0') {
    throw new Problem('unsupported_media_type', { detail: 'Compressed bodies are not accepted.' })
  }
}

const hasTooMany = (values: string[]): boolean =>
  values.length > MAX_QUERY_VALUES ||
  new Set(values.map((value) => value.split('=', 1)[0])).size > MAX_QUERY_PARAMETERS

function checkQuery(url: string): void {
  const start = url.indexOf('?')
  if (start < 0) {
    return
  }
  const query = url.slice(start + 1)
  const values = query.split('&', MAX_QUERY_VALUES + 1)
  if (values.length > MAX_QUERY_PARAMETERS && hasTooMany(values)) {
    const detail = `A query may have at most ${MAX_QUERY_PARAMETERS} parameters with ${MAX_QUERY_VALUES} values.`
    throw invalidField('query', '', 'too_long', detail)
  }
  if (query.includes('%') && !isValidlyEncoded(query)) {
    const detail = 'The query is not validly percent-encoded UTF-8, or it contains NUL.'
    throw invalidField('query', '', 'malformed', detail)
  }
}

function isValidlyEncoded(query: string): boolean {
  try {
    return isValidText(decodeURIComponent(query))
  } catch {
    return false
  }
}

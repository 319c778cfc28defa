import { isUtf8 } from 'node:buffer'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { invalidField, Problem } from '../core/problem.ts'
import { findUnstorable, isStorable, nestsDeeperThan } from '../lib/json-text.ts'

const MAX_URL_LENGTH = 8192
const MAX_QUERY_KEYS = 50
const MAX_NESTING = 32

/** What is true of every request before any route looks at it: its form, its length, its characters. */
export const request = fp(async (app) => {
  app.decorateRequest('problem', null)

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    checkForm(request)
    checkQuery(request)
  })

  app.removeContentTypeParser(['application/json', 'text/plain'])
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser(['application/json', 'application/merge-patch+json'], { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) return done(null, undefined)
    if (!isUtf8(body)) return done(new Problem('malformed_json', { detail: 'The body is not valid UTF-8.' }))
    if (nestsDeeperThan(body, MAX_NESTING)) return done(new Problem('malformed_json', { detail: `The body nests deeper than ${MAX_NESTING} levels.` }))
    const text = body.toString()
    // getDefaultJsonParser reports __proto__ and constructor.prototype as errors, which the problem renderer turns into a 400.
    parse(request, text, (error, value) => {
      if (error) return done(new Problem('malformed_json', { cause: error }))
      // Only an escape can spell what valid UTF-8 and JSON leave out, so most bodies are never walked.
      const pointer = text.includes('\\u') ? findUnstorable(value) : undefined
      if (pointer !== undefined) return done(invalidField('body', pointer, 'malformed', `${pointer.slice(1) || 'The body'} contains NUL or half of a surrogate pair.`))
      done(null, value)
    })
  })
})

function checkForm ({ raw, headers }: FastifyRequest): void {
  const url = raw.url ?? '/'
  if (url.length > MAX_URL_LENGTH) throw new Problem('uri_too_long', { detail: `The address of a request may have ${MAX_URL_LENGTH} characters.` })
  if (raw.httpVersionMinor === 1 && headers.host === undefined) throw new Problem('malformed_request', { detail: 'HTTP/1.1 requires a Host header.', headers: { connection: 'close' } })
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') throw new Problem('expectation_failed', { headers: { connection: 'close' } })
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') throw new Problem('unsupported_media_type', { detail: 'Compressed bodies are not accepted.' })
}

function checkQuery ({ raw }: FastifyRequest): void {
  const url = raw.url ?? '/'
  const start = url.indexOf('?')
  if (start < 0) return
  const query = url.slice(start + 1)
  if (query.split('&', MAX_QUERY_KEYS + 1).length > MAX_QUERY_KEYS) throw invalidField('query', '', 'too_long', `A query may have ${MAX_QUERY_KEYS} parameters.`)
  if (query.includes('%') && !decodesCleanly(query)) throw invalidField('query', '', 'malformed', 'The query is not validly percent-encoded UTF-8, or it contains NUL.')
}

function decodesCleanly (query: string): boolean {
  try {
    return isStorable(decodeURIComponent(query))
  } catch {
    return false
  }
}

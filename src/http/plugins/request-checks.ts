import { isUtf8 } from 'node:buffer'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { invalidField, Problem } from '../../core/problem.ts'
import {
  countMembers,
  findDuplicateKey,
  findInvalidText,
  isValidText,
  scanJson
} from '../../lib/json-scan.ts'
import { pathOf } from '../error-handler.ts'

const MAX_URL_LENGTH = 8192
const MAX_QUERY_KEYS = 50
const MAX_NESTING = 32
/** Several times what the largest batch can hold. Each value may be a fault to be named, and half a million of them would stop everybody for a second. */
const MAX_VALUES = 20_000
const MERGE_PATCH = 'application/merge-patch+json'
/** RFC 9112, section 3.2: a name or address with an optional port. */
const HOST = /^([\w.~!$&'()*+,;=%-]*|\[[0-9a-f:.]+\])(:\d{0,5})?$/i

/** What is true of every request before any route looks at it: its form, its length, its characters. */
export const requestChecks = fp(async (app) => {
  app.decorateRequest('problem', null)

  app.addHook('onRequest', async (requestChecks, reply) => {
    reply.header('x-request-id', requestChecks.id)
    checkRequestLine(requestChecks)
    checkQuery(requestChecks)
  })

  app.removeContentTypeParser(['application/json', 'text/plain'])
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser(
    ['application/json', MERGE_PATCH],
    { parseAs: 'buffer' },
    (requestChecks, body: Buffer, done) => {
      if (
        requestChecks.method !== 'PATCH' &&
        requestChecks.headers['content-type']?.toLowerCase().includes(MERGE_PATCH)
      ) {
        return done(
          new Problem('unsupported_media_type', { detail: 'A merge patch is for PATCH.' })
        )
      }
      if (body.length === 0) {
        return done(null, undefined)
      }
      if (!isUtf8(body)) {
        return done(new Problem('malformed_json', { detail: 'The body is not valid UTF-8.' }))
      }
      const { excess, members } = scanJson(body, { depth: MAX_NESTING, values: MAX_VALUES })
      if (excess) {
        return done(
          new Problem('malformed_json', {
            detail:
              excess === 'depth'
                ? `The body nests deeper than ${MAX_NESTING} levels.`
                : `The body has more than ${MAX_VALUES} values.`
          })
        )
      }
      const text = body.toString()
      // getDefaultJsonParser reports __proto__ and constructor.prototype as errors, which the problem renderer turns into a 400.
      parse(requestChecks, text, (error, value) => {
        if (error) {
          return done(new Problem('malformed_json', { cause: error }))
        }
        // Only an escape can spell what valid UTF-8 and JSON leave out, so most bodies are never walked.
        const pointer = text.includes('\\u') ? findInvalidText(value) : undefined
        if (pointer !== undefined) {
          return done(
            invalidField(
              'body',
              pointer,
              'malformed',
              `${pointer.slice(1) || 'The body'} contains NUL or half of a surrogate pair.`
            )
          )
        }
        const repeated = countMembers(value) < members ? findDuplicateKey(text) : undefined
        if (repeated !== undefined) {
          return done(
            invalidField(
              'body',
              repeated,
              'given_twice',
              `${repeated.slice(1)} may be given only once.`
            )
          )
        }
        done(null, value)
      })
    }
  )
})

function checkRequestLine({ raw, headers }: FastifyRequest): void {
  const url = raw.url ?? '/'
  if (url.length > MAX_URL_LENGTH) {
    throw new Problem('uri_too_long', {
      detail: `The address of a request may have ${MAX_URL_LENGTH} characters.`
    })
  }
  if (url.includes('%00') && pathOf(url).includes('%00')) {
    throw new Problem('malformed_request', { detail: 'The address of the request contains NUL.' })
  }
  checkHost(raw)
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') {
    throw new Problem('expectation_failed', { headers: { connection: 'close' } })
  }
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Problem('unsupported_media_type', { detail: 'Compressed bodies are not accepted.' })
  }
}

/** One valid Host, as RFC 9112 demands: servers and proxies that pick different ones of several disagree about what was asked. */
function checkHost({ httpVersionMinor, headers, rawHeaders }: FastifyRequest['raw']): void {
  const hosts = rawHeaders.filter(
    (name, i) => i % 2 === 0 && name.length === 4 && name.toLowerCase() === 'host'
  ).length
  if ((hosts === 0 && httpVersionMinor === 0) || (hosts === 1 && HOST.test(headers.host ?? ''))) {
    return
  }
  throw new Problem('malformed_request', {
    detail:
      hosts === 0 ? 'HTTP/1.1 requires a Host header.' : 'Send one Host header with a valid name.',
    headers: { connection: 'close' }
  })
}

function checkQuery({ raw }: FastifyRequest): void {
  const url = raw.url ?? '/'
  const start = url.indexOf('?')
  if (start < 0) {
    return
  }
  const query = url.slice(start + 1)
  if (query.split('&', MAX_QUERY_KEYS + 1).length > MAX_QUERY_KEYS) {
    throw invalidField('query', '', 'too_long', `A query may have ${MAX_QUERY_KEYS} parameters.`)
  }
  if (query.includes('%') && !decodesCleanly(query)) {
    throw invalidField(
      'query',
      '',
      'malformed',
      'The query is not validly percent-encoded UTF-8, or it contains NUL.'
    )
  }
}

function decodesCleanly(query: string): boolean {
  try {
    return isValidText(decodeURIComponent(query))
  } catch {
    return false
  }
}

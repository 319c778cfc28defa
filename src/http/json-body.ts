import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { invalidField, Problem } from '../core/problem.ts'
import { countMembers, findDuplicateKey, findInvalidText, scanJson } from '../lib/json-scan.ts'

const MAX_NESTING = 32
/**
 * Several times what the largest batch can hold: reporting half a million invalid values would block the process for a
 * second.
 */
const MAX_VALUES = 20_000
const MERGE_PATCH = 'application/merge-patch+json'

/** Replaces Fastify's JSON parser by one that rejects what JSON parsers disagree about. */
export function addJsonParser(app: FastifyInstance): void {
  app.removeContentTypeParser(['application/json', 'text/plain'])
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<Buffer>(
    ['application/json', MERGE_PATCH],
    { parseAs: 'buffer' },
    (request, body, done) => {
      const problem = checkMediaType(request) ?? checkBytes(body)
      if (problem) {
        return done(problem)
      }
      if (body.length === 0) {
        return done(null, undefined)
      }
      const { excess, members } = scanJson(body, { depth: MAX_NESTING, values: MAX_VALUES })
      if (excess) {
        return done(tooLarge(excess))
      }
      const text = body.toString()
      // getDefaultJsonParser also reports __proto__ and constructor.prototype as errors.
      parse(request, text, (error, value) => {
        if (error) {
          return done(new Problem('malformed_json', { cause: error }))
        }
        done(checkText(text, value) ?? checkDuplicates(text, value, members) ?? null, value)
      })
    }
  )
}

function checkMediaType({ method, headers }: FastifyRequest): Problem | undefined {
  const isMergePatch = headers['content-type']?.toLowerCase().includes(MERGE_PATCH)
  return isMergePatch && method !== 'PATCH'
    ? new Problem('unsupported_media_type', {
        detail: 'Send application/merge-patch+json with PATCH only.'
      })
    : undefined
}

const checkBytes = (body: Buffer): Problem | undefined =>
  isUtf8(body)
    ? undefined
    : new Problem('malformed_json', { detail: 'The body is not valid UTF-8.' })

const tooLarge = (excess: 'depth' | 'values'): Problem =>
  new Problem('malformed_json', {
    detail:
      excess === 'depth'
        ? `The body is nested deeper than ${MAX_NESTING} levels.`
        : `The body has more than ${MAX_VALUES} values.`
  })

/** Only an escape can spell characters that valid UTF-8 and JSON exclude, so most bodies need no check. */
function checkText(text: string, value: unknown): Problem | undefined {
  const pointer = text.includes('\\u') ? findInvalidText(value) : undefined
  if (pointer === undefined) {
    return undefined
  }
  const detail = `${pointer.slice(1) || 'The body'} contains NUL or half of a surrogate pair.`
  return invalidField('body', pointer, 'malformed', detail)
}

/** A name that occurs twice makes the parsed value smaller than the text. */
function checkDuplicates(text: string, value: unknown, members: number): Problem | undefined {
  const pointer = countMembers(value) < members ? findDuplicateKey(text) : undefined
  return pointer === undefined
    ? undefined
    : invalidField('body', pointer, 'given_twice', `${pointer.slice(1)} may be given only once.`)
}

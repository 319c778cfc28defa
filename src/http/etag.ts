import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { invalidField, Problem } from '../core/problem.ts'

/** RFC 9110, sections 8.8.3, 13.1.1 and 13.1.2: `*` or a list of tags, whose empty elements count for nothing (section 5.6.1). */
const TAG = '(W/)?"[\\x21\\x23-\\x7e\u0080-\u00ff]*"'
const TAGS = `^[ \\t,]*(\\*|${TAG}([ \\t]*,[ \\t,]*${TAG})*)[ \\t,]*$`
const IS_LIST = new RegExp(TAGS)
const EACH = new RegExp(`\\*|${TAG}`, 'g')
const WANTED = 'must be an entity tag as it came in ETag, such as "3"'

const text = (description: string) =>
  Type.Optional(Type.String({ maxLength: 1000, pattern: TAGS, 'x-hint': WANTED, description }))
/** Headers of conditional requests, for `schema.headers`. */
export const IfNoneMatch = Type.Object({
  'If-None-Match': text('The `ETag` you already have; 304 without a body while it is current.')
})
export const IfMatch = Type.Object({
  'If-Match': text(
    'The `ETag` you last saw; 412 when the task has changed since. `*` matches any version.'
  )
})

export const etagOf = (version: number): string => `"${version}"`

/** Sets the ETag of a resource that a change returns. */
export function withEtag<T extends { version: number }>(reply: FastifyReply, resource: T): T {
  reply.header('etag', etagOf(resource.version))
  return resource
}

/** Sends a resource with its ETag, or 304 when the caller already has this version (RFC 9110, section 13.1.2). */
export function sendVersioned<T extends { version: number }>(
  request: FastifyRequest,
  reply: FastifyReply,
  resource: T
): T {
  return sendWithEtag(request, reply, etagOf(resource.version), resource)
}

/** The same for anything that has a tag. Compared weakly: a cache may have weakened it on the way. */
export function sendWithEtag<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  etag: string,
  body: T
): T {
  reply.header('etag', etag)
  const known = request.headers['if-none-match']
  if (
    known === undefined ||
    !entityTags(known, 'If-None-Match').some(
      (tag) => tag === '*' || tag.replace(/^W\//, '') === etag
    )
  ) {
    return body
  }
  return reply.code(304).send() as unknown as T
}

/** The versions that `If-Match` allows, or undefined when any will do. Compared strongly: a weak tag never matches. */
export function parseIfMatch(request: FastifyRequest): number[] | undefined {
  const wanted = request.headers['if-match']
  if (wanted === undefined) {
    return undefined
  }
  const tags = entityTags(wanted, 'If-Match')
  if (tags.includes('*')) {
    return undefined
  }
  return tags.map((tag) => (/^"[1-9]\d{0,9}"$/.test(tag) ? Number(tag.slice(1, -1)) : 0))
}

/** The refusal of a write whose caller has not seen the current version. */
export function staleVersionProblem(currentVersion: number, changedFields: string[]): Problem {
  return new Problem('stale_version', {
    detail: `The version is now ${currentVersion}. Read the resource again and repeat your change on it.`,
    extras: { current_version: currentVersion, changed_fields: changedFields },
    headers: { etag: etagOf(currentVersion) }
  })
}

function entityTags(header: string, name: string): string[] {
  if (IS_LIST.test(header)) {
    return header.match(EACH) ?? []
  }
  throw invalidField('header', `/${name}`, 'malformed', `${name} ${WANTED}.`)
}

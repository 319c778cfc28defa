import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { invalidField } from '../core/problem.ts'
import { md } from '../lib/md.ts'

// RFC 9110, sections 8.8.3, 13.1.1 and 13.1.2: `*` or a list of tags; section 5.6.1: empty elements are ignored.
const TAG = '(W/)?"[\\x21\\x23-\\x7e\u0080-\u00ff]*"'
const TAGS = `^[ \\t,]*(\\*|${TAG}([ \\t]*,[ \\t,]*${TAG})*)[ \\t,]*$`
const IS_LIST = new RegExp(TAGS)
const EACH = new RegExp(`\\*|${TAG}`, 'g')
const VERSION_TAG = /^(?:W\/)?"([1-9]\d{0,9})(?:\.[1-9]\d{0,9})?"$/
/** What Apache, Jetty and others append to the tag of what they compress. */
const CODING = /(--?|;)(gzip|deflate|br|zstd)"$/
const EXPECTED = 'must be an entity tag as it came in ETag, such as "3"'

const tags = (description: string) =>
  Type.Optional(Type.String({ maxLength: 1000, pattern: TAGS, 'x-hint': EXPECTED, description }))
/** Headers of conditional requests, for `schema.headers`. */
export const IfNoneMatch = Type.Object({
  'If-None-Match': tags(
    'The `ETag` you already have: you get 304 without a body while it is current.'
  )
})
export const IfMatch = Type.Object({
  'If-Match': tags(md`
    The \`ETag\` you last saw: you get 412 if the resource has changed since. \`*\` matches any
    version.`)
})

/** Returns the tag of a version. A `state` other than 0 tells apart what a resource shows while it has one version. */
export const etagOf = (version: number, state = 0): string =>
  state === 0 ? `"${version}"` : `"${version}.${state}"`

/** Sends a resource with its ETag, or 304 when the caller already has it so (RFC 9110, section 13.1.2). */
export function sendVersioned<T extends { version: number }>(
  request: FastifyRequest,
  reply: FastifyReply,
  resource: T,
  etag = etagOf(resource.version)
): T {
  return sendWithEtag(request, reply, etag, resource)
}

/** Sends a resource that was just changed, with the ETag of its new version. */
export function sendChanged<T extends { version: number }>(
  reply: FastifyReply,
  resource: T,
  etag = etagOf(resource.version)
): T {
  reply.header('etag', etag)
  return resource
}

/** Sends anything that has a tag, or 304. Compares weakly: a cache may have weakened the tag on the way. */
export function sendWithEtag<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  etag: string,
  body: T
): T {
  reply.header('etag', etag)
  const known = request.headers['if-none-match']
  const isCurrent =
    known !== undefined &&
    entityTags(known, 'If-None-Match').some(
      (tag) => tag === '*' || tag.replace(/^W\//, '') === etag
    )
  return isCurrent ? (reply.code(304).send() as T) : body
}

/**
 * Returns the versions that `If-Match` allows, or undefined for any. A tag of ours counts whatever its state, and a
 * weak one as well, unlike in RFC 9110: a proxy that compresses weakens it, and what a write depends on is the version.
 */
export function parseIfMatch(request: FastifyRequest): number[] | undefined {
  const expected = request.headers['if-match']
  if (expected === undefined) {
    return undefined
  }
  const tags = entityTags(expected, 'If-Match')
  if (tags.includes('*')) {
    return undefined
  }
  return tags.map((tag) => Number(VERSION_TAG.exec(tag)?.[1] ?? 0))
}

function entityTags(header: string, name: string): string[] {
  if (IS_LIST.test(header)) {
    return (header.match(EACH) ?? []).map((tag) => tag.replace(CODING, '"'))
  }
  throw invalidField('header', `/${name}`, 'malformed', `${name} ${EXPECTED}.`)
}

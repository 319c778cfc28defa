import type { FastifyReply, FastifyRequest } from 'fastify'
import { invalidField } from '../core/problem.ts'
import type { HmacKeys } from '../core/secrets.ts'
import type { KeysetPosition } from '../db/keyset.ts'
import { decodeCursor, encodeCursor, InvalidCursorError } from '../lib/cursor.ts'
import { pathOf } from './error-handler.ts'
import { DEFAULT_LIMIT } from './pagination.schema.ts'

export interface Page<T> {
  data: T[]
  pagination: {
    limit: number
    next_cursor: string | null
    has_more: boolean
    total_returned: number
    total?: number
  }
}

/** Makes and reads the cursors of one list; a cursor is only valid for the caller, filter and sort named in `binding`. */
export function cursors(keys: HmacKeys) {
  return {
    encode: (binding: string, position: readonly string[]) =>
      encodeCursor(keys[0], binding, position),
    decode(binding: string, cursor: string): string[] {
      try {
        return decodeCursor(keys, binding, cursor)
      } catch (error) {
        if (error instanceof InvalidCursorError) {
          throw invalidField(
            'query',
            '/cursor',
            'bad_cursor',
            'cursor is not one of this list with these filters and this sort. Start again without it.'
          )
        }
        throw error
      }
    }
  }
}
export type Cursors = ReturnType<typeof cursors>

/** Makes a page of rows that were read with one more than the limit, to know whether more follow. */
export function toPage<T>(
  rows: T[],
  limit: number,
  sealAfter: (last: T) => string,
  total?: number
): Page<T> {
  const data = rows.length > limit ? rows.slice(0, limit) : rows
  const last = rows.length > limit ? data.at(-1) : undefined
  const next_cursor = last === undefined ? null : sealAfter(last)
  return {
    data,
    pagination: {
      limit,
      next_cursor,
      has_more: next_cursor !== null,
      total_returned: data.length,
      ...(total !== undefined && { total })
    }
  }
}

/** `list` and `filter` are what a cursor is bound to, besides the caller. */
interface NewestFirst<T> {
  list: string
  filter?: unknown[]
  read: (limit: number, after: KeysetPosition | undefined) => Promise<T[]>
  total?: (() => Promise<number>) | undefined
}

/** Answers with a page that `read` gives, the newest first, at the limit and from the cursor in the request's query. */
export function paginateNewestFirst(keys: HmacKeys) {
  const { decode, encode } = cursors(keys)
  return async <T extends KeysetPosition>(
    request: FastifyRequest,
    reply: FastifyReply,
    { list, filter = [], read, total }: NewestFirst<T>
  ): Promise<Page<T>> => {
    const { limit = DEFAULT_LIMIT, cursor } = request.query as { limit?: number; cursor?: string }
    const binding = JSON.stringify([list, request.caller.id, ...filter])
    const [created_at, id] = cursor === undefined ? [] : decode(binding, cursor)
    const [found, count] = await Promise.all([
      read(limit + 1, created_at && id ? { created_at, id } : undefined),
      total?.()
    ])
    return addLinkHeader(
      request,
      reply,
      toPage(found, limit, (last) => encode(binding, [last.created_at, last.id]), count)
    )
  }
}

/** Names the next page also in the header of RFC 8288. */
export function addLinkHeader<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  page: Page<T>
): Page<T> {
  if (page.pagination.next_cursor !== null) {
    const query = new URLSearchParams(request.url.slice(pathOf(request.url).length))
    query.set('cursor', page.pagination.next_cursor)
    reply.header('link', `<${pathOf(request.url)}?${query}>; rel="next"`)
  }
  return page
}

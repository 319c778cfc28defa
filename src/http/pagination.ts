import type { FastifyReply, FastifyRequest } from 'fastify'
import { invalidField } from '../core/problem.ts'
import type { HmacKeys } from '../core/secrets.ts'
import type { KeysetPosition } from '../db/keyset.ts'
import {
  decodeCursor,
  encodeCursor,
  InvalidCursorError,
  sealCursor,
  unsealCursor
} from '../lib/cursor.ts'
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

/**
 * Encodes and decodes the cursors of one list; a cursor is only valid for the caller, filter and sort that `binding`
 * names. With `isSecret` the caller cannot read the position in it.
 */
export function cursors(keys: HmacKeys, { isSecret = false } = {}) {
  const [encode, decode] = isSecret
    ? ([sealCursor, unsealCursor] as const)
    : ([encodeCursor, decodeCursor] as const)
  return {
    encode: (binding: string, position: readonly string[]) => encode(keys[0], binding, position),
    decode(binding: string, cursor: string): string[] {
      try {
        return decode(keys, binding, cursor)
      } catch (error) {
        if (error instanceof InvalidCursorError) {
          throw invalidField(
            'query',
            '/cursor',
            'bad_cursor',
            'cursor belongs to another list, filter or sort. Start again without a cursor.'
          )
        }
        throw error
      }
    }
  }
}
export type Cursors = ReturnType<typeof cursors>

/** Names a sort and the form of its keys, for the binding of a cursor, which holds a key: texts have had another. */
export const sortBinding = (sort: string): string =>
  /^(title|name)_/.test(sort) ? `${sort} by number` : sort

/** Builds a page from rows that were read with one more than the limit, to know whether more follow. */
export function toPage<T>(
  rows: T[],
  limit: number,
  cursorAfter: (last: T) => string,
  total?: number
): Page<T> {
  const data = rows.length > limit ? rows.slice(0, limit) : rows
  const last = rows.length > limit ? data.at(-1) : undefined
  const next_cursor = last === undefined ? null : cursorAfter(last)
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

/** Returns the page that the limit and cursor of the request's query name, the newest first. */
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
    const [rows, count] = await Promise.all([
      read(limit + 1, created_at && id ? { created_at, id } : undefined),
      total?.()
    ])
    return addLinkHeader(
      request,
      reply,
      toPage(rows, limit, (last) => encode(binding, [last.created_at, last.id]), count)
    )
  }
}

/** Adds the header of RFC 8288 that names the next page. */
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

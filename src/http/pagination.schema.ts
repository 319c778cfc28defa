import { type TSchema, Type } from '@sinclair/typebox'
import { nullable, ref, responseBody } from './schemas.ts'

export const Pagination = responseBody(
  'Pagination',
  {
    limit: Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: 100,
      description: 'The most entries that a page can hold.'
    }),
    next_cursor: nullable({
      type: 'string',
      maxLength: 2048,
      pattern: '^[A-Za-z0-9_-]+$',
      description: 'Send it as `cursor` to get the next page; null on the last one.'
    }),
    has_more: Type.Boolean({
      description: 'True while there are more entries.'
    }),
    total_returned: Type.Integer({
      format: 'int32',
      minimum: 0,
      maximum: 100,
      description: 'The number of entries on this page.'
    }),
    total: Type.Optional(
      Type.Integer({
        format: 'int64',
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'The number of entries on all pages; only with `include_total=true`.'
      })
    )
  },
  {
    description: 'The position of a page in its list.',
    examples: [{ limit: 20, next_cursor: null, has_more: false, total_returned: 1 }]
  }
)

/** A page of a list: `{data, pagination}`. */
export const pageSchema = <T extends TSchema>($id: string, item: T, description: string) =>
  responseBody(
    $id,
    {
      data: Type.Array(ref(item), {
        maxItems: 100,
        description: 'The entries of this page, in order.'
      }),
      pagination: ref(Pagination)
    },
    {
      description,
      examples: [{ data: item.examples?.slice(0, 1) ?? [], pagination: Pagination.examples[0] }]
    }
  )

export const DEFAULT_LIMIT = 20
export const PageQuery = {
  limit: Type.Optional(
    Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: 100,
      default: DEFAULT_LIMIT,
      description: 'The most entries to return.'
    })
  ),
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2048,
      pattern: '^[A-Za-z0-9_-]+$',
      description:
        'The `next_cursor` of the previous page. It is only valid with the same filters and sort.'
    })
  )
}

import {
  type ObjectOptions,
  type Static,
  type TProperties,
  type TSchema,
  Type
} from '@sinclair/typebox'
import { catalogue, type ProblemCode } from '../core/problem.ts'

/** A named component that callers send: closed, so that a mistyped field is refused and named. */
export const requestBody = <P extends TProperties>(
  $id: string,
  properties: P,
  options: ObjectOptions & { description: string }
) => Type.Object(properties, { ...options, $id, additionalProperties: false })

/** A named component that we send: an allow-list, open towards the future. */
export const responseBody = <P extends TProperties>(
  $id: string,
  properties: P,
  options: ObjectOptions & { description: string }
) => Type.Object(properties, { ...options, $id })

/** A named enum: one string type in every generated client (a union of literals becomes a union of types in Go). */
export const stringEnum = <const V extends readonly string[]>(
  $id: string,
  values: V,
  description: string
) => Type.Unsafe<V[number]>({ $id, type: 'string', enum: values, description })

/** Parameters in path or query: closed like an input, but written out where they are used. */
export const params = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })

/** A reference to a named component, typed as what it refers to. */
export const ref = <T extends TSchema>(schema: T) =>
  Type.Unsafe<Static<T>>(Type.Ref(schema.$id as string))

export const Id = (description: string) =>
  Type.String({ format: 'uuid', maxLength: 36, description })
export const NullableId = (description: string) =>
  nullable({ type: 'string', format: 'uuid', maxLength: 36, description })
export const Timestamp = (description: string) =>
  Type.String({ format: 'date-time', maxLength: 40, description })
export const NullableTimestamp = (description: string) =>
  nullable({ type: 'string', format: 'date-time', maxLength: 40, description })
export const NullableText = (description: string, maxLength: number, more: object = {}) =>
  nullable({ type: 'string', maxLength, pattern: NO_NUL, description, ...more })
const nullable = (schema: { type: string } & Record<string, unknown>) =>
  Type.Unsafe<string | null>({ ...schema, type: [schema.type, 'null'] })

/** Patterns keep to what ECMAScript, RE2, Python and Ruby read alike; to Ruby an escape above \x7f is a broken character. */
export const NO_NUL = '^[^\\x00]*$'
const CONTROL_AND_BIDI = '\\x00-\\x1f\\x7f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069'
const SPACE = ' \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'
/** One line of text with 1 to `most` characters besides blanks around it; no control or bidirectional characters, nor any of `without`. */
export const singleLine = (most: number, without = ''): string => {
  const inner = `[^${CONTROL_AND_BIDI}${without}]`
  const edge = `[^${SPACE}${CONTROL_AND_BIDI}${without}]`
  return `^[${SPACE}]*${edge}(${inner}{0,${most - 2}}${edge})?[${SPACE}]*$`
}

export const Pagination = responseBody(
  'Pagination',
  {
    limit: Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: 100,
      description: 'How many entries a page holds at most.'
    }),
    next_cursor: nullable({
      type: 'string',
      maxLength: 2048,
      pattern: '^[A-Za-z0-9_-]+$',
      description: 'Send it as `cursor` to get the next page; null on the last one.'
    }),
    has_more: Type.Boolean({
      description: 'True while there are more entries; the loop ends when it is false.'
    }),
    total_returned: Type.Integer({
      format: 'int32',
      minimum: 0,
      maximum: 100,
      description: 'How many entries this page holds.'
    }),
    total: Type.Optional(
      Type.Integer({
        format: 'int64',
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'How many entries match on all pages; only with `include_total=true`.'
      })
    )
  },
  {
    description: 'Where a page stands in its list.',
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
      description: 'How many entries to return at most.'
    })
  ),
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2048,
      pattern: '^[A-Za-z0-9_-]+$',
      description:
        'The `next_cursor` of the page before. It is only valid with the same filters and sort.'
    })
  )
}

export const FieldErrorBody = responseBody(
  'FieldError',
  {
    in: Type.String({
      maxLength: 10,
      pattern: '^[a-z]+$',
      description: 'Where the fault is: body, query, path or header.'
    }),
    pointer: Type.String({
      maxLength: 2000,
      pattern: NO_NUL,
      description: 'JSON pointer (RFC 6901) to the value, such as `/title`.'
    }),
    code: Type.String({
      maxLength: 50,
      pattern: '^[a-z_]+$',
      description: 'Which rule was broken, such as `required` or `unknown_field`.'
    }),
    detail: Type.String({
      maxLength: 2000,
      pattern: NO_NUL,
      description: 'What would be right, in words.'
    })
  },
  {
    description: 'One fault of a request.',
    examples: [{ in: 'body', pointer: '/title', code: 'required', detail: 'title is required.' }]
  }
)

export const ProblemBody = responseBody(
  'Problem',
  {
    type: Type.String({
      format: 'uri',
      maxLength: 200,
      description: 'A stable URI that names the kind of problem.'
    }),
    title: Type.String({
      maxLength: 200,
      pattern: NO_NUL,
      description: 'The kind of problem in words; the same for every occurrence.'
    }),
    status: Type.Integer({
      format: 'int32',
      minimum: 400,
      maximum: 599,
      description: 'The HTTP status.'
    }),
    detail: Type.String({
      maxLength: 2000,
      pattern: NO_NUL,
      description: 'What happened this time and what would help.'
    }),
    instance: Type.String({
      maxLength: 8192,
      pattern: NO_NUL,
      description: 'The path of the request.'
    }),
    code: Type.String({
      maxLength: 50,
      pattern: '^[a-z_]+$',
      description:
        'The last segment of `type` with underscores; switch on this. New codes may come.'
    }),
    request_id: Type.String({
      maxLength: 64,
      pattern: '^[A-Za-z0-9._-]+$',
      description: 'The same as the header `X-Request-Id`.'
    }),
    errors: Type.Optional(
      Type.Array(ref(FieldErrorBody), {
        maxItems: 1000,
        description: 'The faults of the request, each at its place.'
      })
    ),
    current_version: Type.Optional(
      Type.Integer({
        format: 'int32',
        minimum: 1,
        maximum: 2_147_483_647,
        description: 'With `stale_version`: the version the resource has now.'
      })
    ),
    changed_fields: Type.Optional(
      Type.Array(
        Type.String({ maxLength: 50, pattern: '^[a-z_]+$', description: 'A field name.' }),
        {
          maxItems: 50,
          description:
            'With `stale_version`: the writable fields that differ from the version you named.'
        }
      )
    ),
    error: Type.Optional(
      Type.String({
        maxLength: 50,
        pattern: '^[a-z_]+$',
        description: 'At the token endpoint: the error code of RFC 6749.'
      })
    ),
    error_description: Type.Optional(
      Type.String({
        maxLength: 2000,
        pattern: NO_NUL,
        description: 'At the token endpoint: the description of RFC 6749.'
      })
    )
  },
  {
    description: 'Every answer of 400 and above (RFC 9457).',
    examples: [
      {
        type: 'https://tasklane.example/problems/not-found',
        title: catalogue.not_found[1],
        status: 404,
        detail: 'There is nothing here.',
        instance: '/api/v1/tasks/018f2f6e-7c1a-7aaa-8aaa-0123456789ab',
        code: 'not_found',
        request_id: 'req-1'
      }
    ]
  }
)

/** The components that belong to every room. */
export const sharedSchemas: TSchema[] = [Pagination, FieldErrorBody, ProblemBody]

/** Under this key a route's `response` carries the codes it may answer; the contract's frame reads them (plugins/document.ts). */
export const problemCodes = Symbol('problem codes')

/** A route's answers: schemas of success, then the codes of its refusals. What any route may answer is added by the frame. */
export function responses<S extends Record<number, TSchema | FileAnswer>>(
  success: S,
  ...codes: ProblemCode[]
): S {
  return Object.assign({ ...success }, { [problemCodes]: codes })
}

/** An answer without a body. */
export const NoContent = (description: string) => Type.Null({ description })

interface FileAnswer {
  description: string
  content: Record<
    string,
    { schema: TSchema; examples: Record<string, { summary: string; value: string }> }
  >
}

/** An answer that is a CSV file to be kept. */
export const CsvFile = (description: string, example: string): FileAnswer => ({
  description,
  content: {
    'text/csv': {
      schema: Type.String({ maxLength: MAX_FILE, pattern: NO_NUL, description }),
      examples: { file: { summary: 'A file', value: example } }
    }
  }
})
/** What can be told of the length of a file that is made while it is sent. */
const MAX_FILE = 2_147_483_647

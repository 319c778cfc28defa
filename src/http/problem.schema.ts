import { Type } from '@sinclair/typebox'
import { catalogue, PLACEHOLDER_URL, problemType } from '../core/problem.ts'
import { md } from '../lib/md.ts'
import { NO_NUL, ref, responseBody } from './schemas.ts'

export const FieldErrorBody = responseBody(
  'FieldError',
  {
    in: Type.String({
      maxLength: 10,
      pattern: '^[a-z]+$',
      description: 'Where the error is: body, query, path or header.'
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
      description: 'What a valid value would be.'
    })
  },
  {
    description: 'One error of a request.',
    examples: [{ in: 'body', pointer: '/title', code: 'required', detail: 'title is required.' }]
  }
)

export const ProblemBody = responseBody(
  'Problem',
  {
    type: Type.String({
      format: 'uri',
      maxLength: 200,
      description: 'The URL of a page that explains this kind of problem, at your installation.'
    }),
    title: Type.String({
      maxLength: 200,
      pattern: NO_NUL,
      description: 'The kind of problem in words; always the same for a `code`.'
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
      description: 'What happened this time and what you can do.'
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
        'The last segment of `type` with underscores. Switch on this; new codes may be added.'
    }),
    request_id: Type.String({
      maxLength: 64,
      pattern: '^[A-Za-z0-9._-]+$',
      description: 'The same as the header `X-Request-Id`.'
    }),
    errors: Type.Optional(
      Type.Array(ref(FieldErrorBody), {
        maxItems: 1000,
        description: 'The errors of the request, each with its position.'
      })
    ),
    current_version: Type.Optional(
      Type.Integer({
        format: 'int32',
        minimum: 1,
        maximum: 2_147_483_647,
        description: 'With `stale_version`: the current version of the resource.'
      })
    ),
    changed_fields: Type.Optional(
      Type.Array(
        Type.String({ maxLength: 50, pattern: '^[a-z_]+$', description: 'A field name.' }),
        {
          maxItems: 50,
          description: md`
            With \`stale_version\` of a task or comment: the writable fields that differ from the version you named.`
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
    description: 'The body of every response of 400 and above (RFC 9457).',
    examples: [
      {
        type: problemType('not_found', PLACEHOLDER_URL),
        title: catalogue.not_found[1],
        status: 404,
        detail: 'Not found.',
        instance: '/api/v1/tasks/018f2f6e-7c1a-7aaa-8aaa-0123456789ab',
        code: 'not_found',
        request_id: 'req-1'
      }
    ]
  }
)

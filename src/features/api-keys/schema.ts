import { type Static, type TArray, type TUnsafe, Type } from '@sinclair/typebox'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import {
  Id,
  NullableTimestamp,
  params,
  ref,
  requestBody,
  responseBody,
  singleLine,
  stringEnum,
  Timestamp
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import { CurrentPassword } from '../identity/schema.ts'

const Name = {
  minLength: 1,
  maxLength: 100,
  ...singleLine(100),
  description: 'What the key is for; leading and trailing blanks are removed.',
  'x-hint': 'must be one line of text that is not blank'
}
const EXAMPLE = {
  id: '019f2f6e-7c1a-7ddd-8ddd-0123456789ab',
  name: 'Nightly report',
  prefix: 'tl_4fXq9ZkT',
  scopes: ['tasks:read'],
  created_at: '2026-01-02T03:04:05.678Z',
  expires_at: '2027-06-01T00:00:00.000Z',
  last_used_at: null
}

type ScopeList = (description: string) => TArray<TUnsafe<string>>

const keyFields = (scopeList: ScopeList) => ({
  id: Id("The key's id; revoke it by this."),
  name: Type.String(Name),
  prefix: Type.String({
    minLength: 11,
    maxLength: 11,
    pattern: '^tl_[0-9A-Za-z]{8}$',
    description: 'The beginning of the key, to tell keys apart.'
  }),
  scopes: scopeList('What the key may do.'),
  created_at: Timestamp('When it was created.'),
  expires_at: Timestamp('When it expires.'),
  last_used_at: NullableTimestamp('When it was last used, to the minute.')
})

/** Creates the components of API keys. Keys are limited to some of `scopes`, which the features declare. */
export function createApiKeySchemas(scopes: readonly string[]) {
  const ApiKeyScope = stringEnum(
    'ApiKeyScope',
    scopes,
    md`A group of operations that a key may call. Each operation names the scope it needs;
       operations without one cannot be called with a key.`
  )

  const scopeList: ScopeList = (description) =>
    Type.Array(ref(ApiKeyScope), { minItems: 1, maxItems: scopes.length, description })
  const fields = keyFields(scopeList)

  const ApiKey = responseBody('ApiKey', fields, {
    description: 'An API key, without its secret.',
    examples: [EXAMPLE]
  })

  const ApiKeyCreated = responseBody(
    'ApiKeyCreated',
    {
      ...fields,
      key: Type.String({
        minLength: 49,
        maxLength: 49,
        pattern: '^tl_[0-9A-Za-z]{46}$',
        description: 'The secret, shown only once. Send it as `Authorization: Bearer tl_…`.'
      })
    },
    {
      description: 'A new API key with its secret.',
      examples: [{ ...EXAMPLE, key: 'tl_4fXq9ZkT0123456789abcdefghijklmnopqrstuv2gX8Qa' }]
    }
  )

  const ApiKeyPage = pageSchema('ApiKeyPage', ApiKey, 'A page of API keys.')

  const ApiKeyCreate = requestBody(
    'ApiKeyCreate',
    {
      name: Type.String(Name),
      scopes: scopeList('What the key may do: at least one scope. It can never do more than you.'),
      expires_at: Timestamp('When it expires, at most a year from now.'),
      current_password: Type.Optional(
        CurrentPassword(
          'Your password; required when you last entered it in this session more than five minutes ago.'
        )
      )
    },
    {
      description: 'A new API key.',
      examples: [
        { name: 'Nightly report', scopes: ['tasks:read'], expires_at: '2027-06-01T00:00:00Z' }
      ]
    }
  )

  return { ApiKeyScope, ApiKey, ApiKeyCreated, ApiKeyPage, ApiKeyCreate }
}
export type ApiKeySchemas = ReturnType<typeof createApiKeySchemas>
export type ApiKey = Static<ApiKeySchemas['ApiKey']>
export type ApiKeyCreated = Static<ApiKeySchemas['ApiKeyCreated']>
export type ApiKeyCreate = Static<ApiKeySchemas['ApiKeyCreate']>

export const ApiKeyParams = params({ key_id: Id("The key's id.") })
export const ApiKeyListQuery = params(PageQuery)

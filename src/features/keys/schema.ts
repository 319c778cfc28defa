import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { SCOPES } from '../../core/caller.ts'
import {
  choice,
  Id,
  input,
  NullableTimestamp,
  oneLine,
  output,
  PageQuery,
  page,
  parameters,
  ref,
  Timestamp
} from '../../plugins/wire.ts'

export const ApiKeyScope = choice(
  'ApiKeyScope',
  SCOPES,
  'A class of operations that a key may call; each operation says which one it needs, and operations that name none are closed to keys.'
)

const Name = {
  minLength: 1,
  maxLength: 100,
  pattern: oneLine(100),
  description: 'What the key is for; blanks around it are removed.',
  'x-hint': 'must be one line of text that is not blank'
}
const scopes = (description: string) =>
  Type.Array(ref(ApiKeyScope), { minItems: 1, maxItems: SCOPES.length, description })
const EXAMPLE = {
  id: '019f2f6e-7c1a-7ddd-8ddd-0123456789ab',
  name: 'Nightly report',
  prefix: 'tl_4fXq9ZkT',
  scopes: ['tasks:read'],
  created_at: '2026-01-02T03:04:05.678Z',
  expires_at: '2027-06-01T00:00:00.000Z',
  last_used_at: null
}

const fields = {
  id: Id("The key's id; revoke it by this."),
  name: Type.String(Name),
  prefix: Type.String({
    minLength: 11,
    maxLength: 11,
    pattern: '^tl_[0-9A-Za-z]{8}$',
    description: 'How the key begins, to tell keys apart.'
  }),
  scopes: scopes('What the key may do.'),
  created_at: Timestamp('When it was made.'),
  expires_at: Timestamp('When it stops working.'),
  last_used_at: NullableTimestamp('When it was last used, to the minute.')
}

export const ApiKey = output('ApiKey', fields, {
  description: 'An API key, without its secret.',
  examples: [EXAMPLE]
})
export type ApiKey = Static<typeof ApiKey>

export const ApiKeyCreated = output(
  'ApiKeyCreated',
  {
    ...fields,
    key: Type.String({
      minLength: 49,
      maxLength: 49,
      pattern: '^tl_[0-9A-Za-z]{46}$',
      description: 'The secret itself, shown this once. Send it as `Authorization: Bearer tl_…`.'
    })
  },
  {
    description: 'A new API key with its secret.',
    examples: [{ ...EXAMPLE, key: 'tl_4fXq9ZkT0123456789abcdefghijklmnopqrstuv2gX8Qa' }]
  }
)
export type ApiKeyCreated = Static<typeof ApiKeyCreated>

export const ApiKeyPage = page('ApiKeyPage', ApiKey, 'A page of API keys.')

export const ApiKeyCreate = input(
  'ApiKeyCreate',
  {
    name: Type.String(Name),
    scopes: scopes('What the key may do, at least one scope; it never may more than you.'),
    expires_at: Timestamp('When it stops working, at most a year ahead.')
  },
  {
    description: 'A new API key.',
    examples: [
      { name: 'Nightly report', scopes: ['tasks:read'], expires_at: '2027-06-01T00:00:00Z' }
    ]
  }
)
export type ApiKeyCreate = Static<typeof ApiKeyCreate>

export const ApiKeyParams = parameters({ key_id: Id("The key's id.") })
export const ApiKeyListQuery = parameters(PageQuery)

export const components: TSchema[] = [ApiKeyScope, ApiKey, ApiKeyCreated, ApiKeyPage, ApiKeyCreate]

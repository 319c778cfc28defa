import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import {
  Id,
  NullableId,
  NullableText,
  NullableTimestamp,
  params,
  requestBody,
  responseBody,
  Timestamp
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'

const EXAMPLE = {
  id: '019f2f6e-7c1a-7eee-8eee-0123456789ab',
  address: '203.0.113.0/24',
  reason: 'Guesses passwords',
  automatic: false,
  created_by: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
  created_at: '2026-01-02T03:04:05.678Z',
  until: null
}
const ADDRESS = { minLength: 2, maxLength: 49, pattern: '^[0-9A-Fa-f.:/]+$' }

export const IpBan = responseBody(
  'IpBan',
  {
    id: Id("The ban's id; lift it by this."),
    address: Type.String({
      ...ADDRESS,
      description: 'The IP address or the range (CIDR) in canonical form.'
    }),
    reason: NullableText('Why it was created.', 200),
    automatic: Type.Boolean({
      description: 'True when the server created it after repeated violations.'
    }),
    created_by: NullableId('The admin who created it; null when the server did.'),
    created_at: Timestamp('When it was created.'),
    until: NullableTimestamp('When it expires; null when it lasts until it is lifted.')
  },
  {
    description: md`A ban in force: requests from there get 403 \`ip_banned\`. An automatic ban lets requests
                    with a valid access token, API key or refresh token go on.`,
    examples: [EXAMPLE]
  }
)
export type IpBan = Static<typeof IpBan>
export const IpBanPage = pageSchema('IpBanPage', IpBan, 'A page of bans.')

export const IpBanCreate = requestBody(
  'IpBanCreate',
  {
    address: Type.String({
      ...ADDRESS,
      description: 'An IP address, or a range as CIDR no wider than /8 (IPv6: /32).',
      'x-hint': 'must be an IP address such as 203.0.113.7 or a range such as 203.0.113.0/24'
    }),
    reason: Type.Optional(NullableText('Why, for those who see the ban later.', 200)),
    until: Type.Optional(
      NullableTimestamp(
        'When it expires, in the future; absent or null means not until it is lifted.'
      )
    )
  },
  {
    description: 'A new ban.',
    examples: [
      { address: '203.0.113.0/24', reason: 'Guesses passwords', until: '2099-07-01T00:00:00Z' }
    ]
  }
)
export type IpBanCreate = Static<typeof IpBanCreate>

export const IpBanParams = params({ ban_id: Id("The ban's id.") })
export const IpBanListQuery = params(PageQuery)

export const schemas: TSchema[] = [IpBan, IpBanPage, IpBanCreate]

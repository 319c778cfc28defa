import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import { Id, NO_NUL, NullableText, params, responseBody, Timestamp } from '../../http/schemas.ts'

export const Session = responseBody(
  'Session',
  {
    id: Id("The session's id."),
    created_at: Timestamp('When you logged in.'),
    last_used_at: Timestamp('When its tokens were last refreshed.'),
    address_prefix: Type.String({
      maxLength: 50,
      pattern: NO_NUL,
      description: 'The network you logged in from: a /24 of IPv4 or a /64 of IPv6.'
    }),
    user_agent: NullableText('The User-Agent header of your login.', 200),
    current: Type.Boolean({ description: 'True for the session of this request.' })
  },
  {
    description: 'A device or program where you are logged in.',
    examples: [
      {
        id: '019f2f6e-7c1a-7ccc-8ccc-0123456789ab',
        created_at: '2026-01-02T03:04:05.678Z',
        last_used_at: '2026-01-02T09:00:00.000Z',
        address_prefix: '192.0.2.0/24',
        user_agent: 'Mozilla/5.0',
        current: true
      }
    ]
  }
)
export type Session = Static<typeof Session>

export const SessionPage = pageSchema('SessionPage', Session, 'A page of sessions.')
export const SessionParams = params({ session_id: Id("The session's id.") })
export const SessionListQuery = params(PageQuery)
export type SessionListQuery = Static<typeof SessionListQuery>

export const schemas: TSchema[] = [Session, SessionPage]

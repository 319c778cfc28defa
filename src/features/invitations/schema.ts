import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import {
  Id,
  NullableId,
  NullableText,
  params,
  ref,
  requestBody,
  responseBody,
  Timestamp
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import { Email, Role } from '../identity/schema.ts'
import type { MemberRole } from '../project-access/schema.ts'

const EXAMPLE = {
  id: '019f2f6e-7c1a-7fff-8fff-0123456789ab',
  email: 'bob@example.com',
  role: 'user',
  invited_by: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
  created_at: '2026-01-02T03:04:05.678Z',
  expires_at: '2026-01-16T03:04:05.678Z'
}
const INVITATION_URL =
  'https://tasks.example.com/app/#/register?invitation_token=w0Zt1mJ8s4Qx7uN2aYb5cD9eF3gH6iJ1kL4mN7oP0qR'

const properties = {
  id: Id("The invitation's id."),
  email: Type.String({
    format: 'email',
    maxLength: 254,
    description: 'Whom it is for, in lower case.'
  }),
  role: ref(Role),
  invited_by: NullableId('Who invited; null once that account is deleted.'),
  created_at: Timestamp('When it was sent last.'),
  expires_at: Timestamp('Until when it can be accepted.')
}

export const InvitationCreate = requestBody(
  'InvitationCreate',
  { email: Email, role: Type.Optional(ref(Role)) },
  {
    description: 'Whom to invite. Without `role` the new account is a `user`.',
    examples: [{ email: 'bob@example.com', role: 'user' }]
  }
)
export type InvitationCreate = Static<typeof InvitationCreate>

export const Invitation = responseBody('Invitation', properties, {
  description: 'An invitation to create an account.',
  examples: [EXAMPLE]
})
export type Invitation = Static<typeof Invitation>
/** An invitation that can be accepted. */
export interface OpenInvitation extends Pick<Invitation, 'id' | 'role'> {
  email: string | null
  /** Whoever has the token reads the mailbox. */
  confirms_email: boolean
  /** The three of an invitation to a project. */
  project_owner_id: string | null
  project_id: string | null
  project_role: MemberRole | null
}
export const InvitationPage = pageSchema('InvitationPage', Invitation, 'A page of invitations.')

export const InvitationCreated = responseBody(
  'InvitationCreated',
  {
    ...properties,
    invitation_url: NullableText(
      md`The link with which the account is created, once. It is shown only here: hand it over yourself. Null where an
         email has it.`,
      2000
    )
  },
  {
    description: 'An invitation, and its link where no email was sent.',
    examples: [{ ...EXAMPLE, invitation_url: INVITATION_URL }]
  }
)
export type InvitationCreated = Static<typeof InvitationCreated>

export const InvitationListQuery = params(PageQuery)
export const InvitationParams = params({ invitation_id: Id("The invitation's id.") })

export const schemas: TSchema[] = [InvitationCreate, Invitation, InvitationPage, InvitationCreated]

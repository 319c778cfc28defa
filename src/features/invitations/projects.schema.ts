import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import {
  Id,
  NO_NUL,
  NullableId,
  NullableText,
  params,
  ref,
  requestBody,
  responseBody,
  Timestamp
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import { Email, Username } from '../identity/schema.ts'
import { ProjectMemberRole } from '../projects/schema.ts'

const ids = {
  id: '019f2f6e-7c1a-7fff-8fff-0123456789ab',
  project_id: '019f2f6e-7c1a-7eee-8eee-0123456789ab'
}
const times = {
  invited_by: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
  created_at: '2026-01-02T03:04:05.678Z',
  expires_at: '2026-01-16T03:04:05.678Z'
}
const EXAMPLE = { ...ids, username: null, email: 'bob@example.com', role: 'editor', ...times }

const common = {
  id: Id("The invitation's id."),
  project_id: Id('The project.'),
  role: ref(ProjectMemberRole),
  invited_by: NullableId('Who invited; null once that account is deleted.'),
  created_at: Timestamp('When it was sent.'),
  expires_at: Timestamp('Until when it can be accepted.')
}
const properties = {
  ...common,
  username: NullableText('Whom it is for, as you wrote it; null with `email`.', 64),
  email: NullableText('Whom it is for, in lower case; null with `username`.', 254)
}

export const ProjectInvitationCreate = requestBody(
  'ProjectInvitationCreate',
  {
    username: Type.Optional(Username),
    email: Type.Optional(Email),
    role: ref(ProjectMemberRole)
  },
  {
    description: 'Whom to invite: exactly one of `username` and `email`.',
    examples: [{ email: 'bob@example.com', role: 'editor' }]
  }
)
export type ProjectInvitationCreate = Static<typeof ProjectInvitationCreate>

export const ProjectInvitation = responseBody('ProjectInvitation', properties, {
  description: 'An invitation to a project. It does not say whether there is such an account.',
  examples: [EXAMPLE]
})
export type ProjectInvitation = Static<typeof ProjectInvitation>
export const ProjectInvitationPage = pageSchema(
  'ProjectInvitationPage',
  ProjectInvitation,
  'A page of invitations to a project.'
)

export const ProjectInvitationCreated = responseBody(
  'ProjectInvitationCreated',
  {
    ...properties,
    invitation_url: NullableText(
      md`The link with which somebody without an account creates one and joins, once. It is shown only here: hand it
         over yourself. Null where an email has it, and where nobody can sign up.`,
      2000
    )
  },
  {
    description: 'An invitation to a project, and its link where no email was sent.',
    examples: [{ ...EXAMPLE, invitation_url: null }]
  }
)
export type ProjectInvitationCreated = Static<typeof ProjectInvitationCreated>

export const MyInvitation = responseBody(
  'MyInvitation',
  {
    ...common,
    project_name: Type.String({
      maxLength: 100,
      pattern: NO_NUL,
      description: 'The name of the project.'
    }),
    invited_by_name: NullableText('What to call whoever invited.', 254)
  },
  {
    description: 'An invitation to a project that you can accept or decline.',
    examples: [
      { ...ids, project_name: 'New kitchen', role: 'editor', ...times, invited_by_name: 'Ann Lee' }
    ]
  }
)
export type MyInvitation = Static<typeof MyInvitation>
export const MyInvitationPage = pageSchema(
  'MyInvitationPage',
  MyInvitation,
  'A page of your invitations.'
)

export const ProjectInvitationListQuery = params(PageQuery)
export const ProjectInvitationParams = params({
  project_id: Id("The project's id."),
  invitation_id: Id("The invitation's id.")
})
export const MyInvitationParams = params({ invitation_id: Id("The invitation's id.") })

export const projectSchemas: TSchema[] = [
  ProjectInvitationCreate,
  ProjectInvitation,
  ProjectInvitationPage,
  ProjectInvitationCreated,
  MyInvitation,
  MyInvitationPage
]

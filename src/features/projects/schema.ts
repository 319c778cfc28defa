import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import {
  Id,
  NO_NUL,
  NullableText,
  NullableTimestamp,
  nullable,
  OwnId,
  params,
  ref,
  requestBody,
  responseBody,
  singleLine,
  stringEnum,
  Timestamp
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import { MEMBER_ROLES, PROJECT_ROLES } from '../project-access/schema.ts'

const MAX_NAME = 100

const ProjectRole = stringEnum(
  'ProjectRole',
  PROJECT_ROLES,
  md`
  What somebody may do in a project. A \`viewer\` reads; an \`editor\` also creates, changes and deletes
  tasks; an \`admin\` also changes the project and its members; the \`owner\` may also delete and transfer it.`
)
export const ProjectMemberRole = stringEnum(
  'ProjectMemberRole',
  MEMBER_ROLES,
  'The role of a member; nobody can be made the owner this way.'
)

const Count = (description: string) =>
  Type.Integer({ format: 'int32', minimum: 0, maximum: 2_147_483_647, description })
const COUNTS = { total: 12, todo: 5, in_progress: 3, done: 4 }
const ProjectTaskCounts = responseBody(
  'ProjectTaskCounts',
  {
    total: Count('All of them.'),
    todo: Count('Not started.'),
    in_progress: Count('Started.'),
    done: Count('Finished.')
  },
  { description: 'How many tasks a project has, without deleted ones.', examples: [COUNTS] }
)

const EXAMPLE = {
  id: '019f2f6e-7c1a-7eee-8eee-0123456789ab',
  owner_id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
  name: 'New kitchen',
  description: null,
  color: '#2f6fde',
  archived: false,
  role: 'owner',
  version: 1,
  created_at: '2026-01-02T03:04:05.678Z',
  updated_at: '2026-01-02T03:04:05.678Z',
  deleted_at: null
}

export const Project = responseBody(
  'Project',
  {
    id: Id("The project's id."),
    owner_id: Id('The user who owns the project and its tasks.'),
    name: Type.String({ maxLength: MAX_NAME, pattern: NO_NUL, description: 'Its name.' }),
    description: NullableText('What it is about.', 5000),
    color: nullable({
      type: 'string',
      maxLength: 7,
      pattern: '^#[0-9a-f]{6}$',
      description: 'A colour to show it in, such as `#2f6fde`.'
    }),
    archived: Type.Boolean({ description: 'True while it can only be read.' }),
    role: ref(ProjectRole),
    task_counts: Type.Optional(ref(ProjectTaskCounts)),
    version: Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: 2_147_483_647,
      description: 'Grows by one with each change; also in `ETag`.'
    }),
    created_at: Timestamp('When it was created.'),
    updated_at: Timestamp('When it was last changed.'),
    deleted_at: NullableTimestamp('When it was deleted; it can be restored until it is purged.')
  },
  {
    description: md`
      A project: a list of tasks that people share. \`role\` is what you may do in it: your role as its owner or member;
      managers may do as much as an editor in every project, and admins as much as the owner.`,
    examples: [EXAMPLE]
  }
)
export type Project = Static<typeof Project>
export const ProjectPage = pageSchema('ProjectPage', Project, 'A page of projects.')

const input = {
  name: Type.String({
    minLength: 1,
    maxLength: 2 * MAX_NAME,
    ...singleLine(MAX_NAME),
    description: 'One line of 1 to 100 characters; surrounding blanks are removed.',
    'x-hint': 'must be one line of 1 to 100 characters, one of them visible'
  }),
  description: NullableText('Text of up to 5 000 characters.', 5000),
  color: nullable({
    type: 'string',
    maxLength: 7,
    pattern: '^#[0-9A-Fa-f]{6}$',
    description: 'A colour to show it in, such as `#2f6fde`; null for none.',
    'x-hint': 'must be a colour such as #2f6fde'
  })
}

export const ProjectCreate = requestBody(
  'ProjectCreate',
  {
    id: Type.Optional(OwnId('Your own id, a UUIDv7; a second project with it is rejected.')),
    name: input.name,
    description: Type.Optional(input.description),
    color: Type.Optional(input.color)
  },
  { description: 'A new project.', examples: [{ name: 'New kitchen', color: '#2f6fde' }] }
)
export type ProjectCreate = Static<typeof ProjectCreate>

export const ProjectUpdate = requestBody(
  'ProjectUpdate',
  {
    name: Type.Optional(input.name),
    description: Type.Optional(input.description),
    color: Type.Optional(input.color),
    archived: Type.Optional(
      Type.Boolean({
        description: 'True lets nobody change anything in it until it is false again.'
      })
    )
  },
  {
    minProperties: 1,
    description: 'A merge patch: an absent field stays as it is, null clears it.',
    examples: [{ archived: true }]
  }
)
export type ProjectUpdate = Static<typeof ProjectUpdate>

const ProjectScope = stringEnum(
  'ProjectScope',
  ['mine', 'all'],
  "Which projects: `mine` (own and shared ones), or `all` (everybody's; managers only)."
)
const ProjectsArchived = stringEnum(
  'ProjectsArchived',
  ['exclude', 'only', 'include'],
  'Whether archived projects are left out, are the only ones, or are included.'
)
const ProjectsDeleted = stringEnum(
  'ProjectsDeleted',
  ['exclude', 'only', 'include'],
  'Whether deleted projects are left out, are the only ones, or are included; of deleted ones you see your own.'
)
export const ProjectSort = stringEnum(
  'ProjectSort',
  [
    'name_asc',
    'name_desc',
    'created_at_asc',
    'created_at_desc',
    'updated_at_asc',
    'updated_at_desc'
  ],
  'The order of a list. Names sort whatever their case and accents, and numbers in them by value; ties by id in the ' +
    'same direction.'
)
export type ProjectSort = Static<typeof ProjectSort>

export const ProjectListQuery = params({
  scope: Type.Optional(ref(ProjectScope)),
  archived: Type.Optional(ref(ProjectsArchived)),
  deleted: Type.Optional(ref(ProjectsDeleted)),
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_NAME,
      pattern: NO_NUL,
      description: 'A part of the name, whatever its case and accents.'
    })
  ),
  sort: Type.Optional(ref(ProjectSort)),
  ...PageQuery,
  include_counts: Type.Optional(
    Type.Boolean({ default: false, description: 'Also count the tasks of each project.' })
  )
})
export type ProjectListQuery = Static<typeof ProjectListQuery>

export const ProjectParams = params({ project_id: Id("The project's id.") })

export const ProjectMember = responseBody(
  'ProjectMember',
  {
    user_id: Id('The user.'),
    display_name: Type.String({
      maxLength: 254,
      pattern: NO_NUL,
      description:
        'What to call them: their name, or else their username, or else a masked address.'
    }),
    username: NullableText('Their username.', 64),
    role: ref(ProjectRole),
    added_at: Timestamp('Since when they have belonged to it.')
  },
  {
    description: 'Somebody who belongs to a project: its owner or a member.',
    examples: [
      {
        user_id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
        display_name: 'Ann',
        username: 'ann',
        role: 'editor',
        added_at: '2026-01-02T03:04:05.678Z'
      }
    ]
  }
)
export type ProjectMember = Static<typeof ProjectMember>
export const ProjectMemberPage = pageSchema(
  'ProjectMemberPage',
  ProjectMember,
  'A page of those who belong to a project.'
)
export const ProjectMemberPut = requestBody(
  'ProjectMemberPut',
  { role: ref(ProjectMemberRole) },
  { description: 'The role that a member gets.', examples: [{ role: 'editor' }] }
)
export const ProjectMemberListQuery = params(PageQuery)
export const ProjectMemberParams = params({
  project_id: Id("The project's id."),
  user_id: Id("The user's id.")
})
export const ProjectTransfer = requestBody(
  'ProjectTransfer',
  { user_id: Id('The member who becomes the owner.') },
  {
    description: 'Who gets a project.',
    examples: [{ user_id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab' }]
  }
)

export const schemas: TSchema[] = [
  ProjectRole,
  ProjectMemberRole,
  ProjectTaskCounts,
  Project,
  ProjectPage,
  ProjectCreate,
  ProjectUpdate,
  ProjectScope,
  ProjectsArchived,
  ProjectsDeleted,
  ProjectSort,
  ProjectMember,
  ProjectMemberPage,
  ProjectMemberPut,
  ProjectTransfer
]

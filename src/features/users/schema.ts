import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import {
  Id,
  NO_NUL,
  NullableText,
  params,
  ref,
  requestBody,
  responseBody,
  singleLine,
  stringEnum,
  Timestamp
} from '../../http/schemas.ts'

export const Role = stringEnum(
  'UserRole',
  ['user', 'manager', 'admin'],
  "What a user may do: `user` keeps own tasks, `manager` also everybody's, `admin` also runs users, bans and statistics."
)

const EXAMPLE = {
  id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
  username: 'ann',
  email: 'ann@example.com',
  name: 'Ann Lee',
  role: 'user',
  email_verified: false,
  created_at: '2026-01-02T03:04:05.678Z'
}

const userProperties = {
  id: Id("The user's id."),
  username: NullableText('The name to log in with; unique whatever its case.', 64),
  email: NullableText('The address to log in with, in lower case.', 254),
  name: NullableText('The name to show.', 100),
  role: ref(Role),
  email_verified: Type.Boolean({ description: 'True once the address was confirmed by a code.' }),
  created_at: Timestamp('When the account was made.')
}
export const User = responseBody('User', userProperties, {
  description: 'A person with an account.',
  examples: [EXAMPLE]
})
export type User = Static<typeof User>

export const AdminUser = responseBody(
  'AdminUser',
  {
    ...userProperties,
    disabled: Type.Boolean({ description: 'True while the account cannot be used.' })
  },
  {
    description: 'A person with an account, as admins see it.',
    examples: [{ ...EXAMPLE, disabled: false }]
  }
)
export type AdminUser = Static<typeof AdminUser>
export const AdminUserPage = pageSchema('AdminUserPage', AdminUser, 'A page of users.')

/** Latin letters and digits keep `lower()` the same everywhere; `@` would make a name look like an address. */
export const Username = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[A-Za-z0-9._-]+$',
  description: 'Letters, digits, dot, underscore and hyphen.',
  'x-hint': 'may have letters, digits, dot, underscore and hyphen'
})
const NAME = {
  minLength: 1,
  maxLength: 100,
  pattern: singleLine(100),
  description: 'The name to show; blanks around it are removed.',
  'x-hint': 'must be one line of text that is not blank'
}
export const DisplayName = Type.String(NAME)
export const Email = Type.String({
  format: 'email',
  maxLength: 254,
  description: 'An address; kept in lower case.'
})

export const MeUpdate = requestBody(
  'MeUpdate',
  {
    username: Type.Optional(Username),
    name: Type.Optional(Type.Unsafe<string | null>({ ...NAME, type: ['string', 'null'] })),
    email: Type.Optional(Email),
    current_password: Type.Optional(
      Type.String({
        format: 'password',
        minLength: 1,
        maxLength: 128,
        pattern: NO_NUL,
        description: 'Your password; asked for with `email` only.'
      })
    )
  },
  {
    minProperties: 1,
    description:
      "What to change of one's own profile: an absent field stays, null clears the name. A new address needs the password, and counts once the code that is sent there was confirmed.",
    examples: [{ name: 'Ann Lee' }]
  }
)
export type MeUpdate = Static<typeof MeUpdate>

export const AccountDeletion = requestBody(
  'AccountDeletion',
  {
    password: Type.String({
      format: 'password',
      minLength: 1,
      maxLength: 128,
      pattern: NO_NUL,
      description: 'Your password, as a sign that it is you.'
    })
  },
  {
    description: 'The confirmation that an account is to be deleted.',
    examples: [{ password: 'correct horse battery' }]
  }
)

export const AdminUserUpdate = requestBody(
  'AdminUserUpdate',
  {
    role: Type.Optional(ref(Role)),
    disabled: Type.Optional(
      Type.Boolean({ description: 'True locks the account out and ends its sessions.' })
    )
  },
  {
    minProperties: 1,
    description: 'What to change of a user: an absent field stays.',
    examples: [{ role: 'manager' }]
  }
)
export type AdminUserUpdate = Static<typeof AdminUserUpdate>

const Filter = {
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: NO_NUL,
      description: 'Users whose name, username or address contains this, whatever its case.'
    })
  ),
  role: Type.Optional(ref(Role)),
  disabled: Type.Optional(
    Type.Boolean({ description: 'Only disabled users, or only enabled ones.' })
  )
}
export const UserListQuery = params({
  ...Filter,
  ...PageQuery,
  include_total: Type.Optional(
    Type.Boolean({ default: false, description: 'Also count all matches.' })
  )
})
export type UserListQuery = Static<typeof UserListQuery>
export type UserFilter = Pick<UserListQuery, 'q' | 'role' | 'disabled'>
export const UserParams = params({ user_id: Id("The user's id.") })

export const schemas: TSchema[] = [
  Role,
  User,
  MeUpdate,
  AccountDeletion,
  AdminUser,
  AdminUserPage,
  AdminUserUpdate
]

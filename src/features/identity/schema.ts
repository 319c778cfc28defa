import { type Static, type TSchema, Type } from '@sinclair/typebox'
import {
  Id,
  NO_NUL,
  NullableText,
  ref,
  responseBody,
  singleLine,
  stringEnum,
  Timestamp
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'

export const Role = stringEnum(
  'UserRole',
  ['user', 'manager', 'admin'],
  md`What a user may do: a \`user\` works with their own tasks, a \`manager\` also with everyone
     else's, an \`admin\` also manages users and bans and reads the statistics.`
)

export const USER_EXAMPLE = {
  id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
  username: 'ann',
  email: 'ann@example.com',
  name: 'Ann Lee',
  role: 'user',
  email_verified: false,
  created_at: '2026-01-02T03:04:05.678Z'
}

const Bytes = (description: string) =>
  Type.Integer({ format: 'int64', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })

export const userProperties = {
  id: Id("The user's id."),
  username: NullableText('The name to log in with; unique regardless of case.', 64),
  email: NullableText(
    'The email address to log in with, in lower case and with its domain in ASCII.',
    254
  ),
  name: NullableText('The name to display.', 100),
  role: ref(Role),
  email_verified: Type.Boolean({
    description: 'True once the email address has been confirmed with a code.'
  }),
  created_at: Timestamp('When the account was created.')
}

export const AccountStorage = responseBody(
  'AccountStorage',
  {
    bytes: Bytes('What the tasks of the account take, with their history, comments and trash.'),
    quota_bytes: Bytes('What they may take. Beyond it nothing can be added to the account.'),
    measured_at: Timestamp('When it was measured: shortly after the account was written to.')
  },
  {
    description: 'How much an account stores.',
    examples: [
      { bytes: 1_843_200, quota_bytes: 104_857_600, measured_at: '2026-01-02T03:04:05.678Z' }
    ]
  }
)
export type AccountStorage = Static<typeof AccountStorage>

export const User = responseBody(
  'User',
  { ...userProperties, storage: Type.Optional(ref(AccountStorage)) },
  {
    description: md`A user account. Only getMe has \`storage\`, once it was measured, where what accounts store
                    is limited.`,
    examples: [USER_EXAMPLE]
  }
)
export type User = Static<typeof User>

/** Letters of ASCII are folded the same in the database and here; with `@` a username would look like an email. */
export const Username = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[A-Za-z0-9._-]+$',
  description: 'Letters, digits, dot, underscore and hyphen.',
  'x-hint': 'may have letters, digits, dot, underscore and hyphen'
})

export const displayNameOptions = {
  minLength: 1,
  maxLength: 100,
  ...singleLine(100),
  description: 'The name to display; leading and trailing blanks are removed.',
  'x-hint': 'must be one line of text that is not blank'
}
export const DisplayName = Type.String(displayNameOptions)

export const Email = Type.String({
  format: 'email',
  maxLength: 254,
  description: md`An email address; stored in lower case, and a domain with letters of other scripts as
                  punycode. The domain may be a host name without a dot.`
})

/** A password that is compared with the stored one. */
export const CurrentPassword = (description: string) =>
  Type.String({
    format: 'password',
    minLength: 1,
    maxLength: 128,
    pattern: NO_NUL,
    description
  })

/** A password to store. It is never trimmed, cut or folded; the password policy limits its bytes. */
export const NewPassword = Type.String({
  format: 'password',
  minLength: 8,
  maxLength: 128,
  pattern: NO_NUL,
  description: md`At least 8 characters (the installation may require more). Any character is
                  allowed and nothing is trimmed.`
})

export const schemas: TSchema[] = [Role, AccountStorage, User]

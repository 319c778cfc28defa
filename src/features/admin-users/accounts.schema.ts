import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { NullableText, ref, requestBody, responseBody, Timestamp } from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import {
  DisplayName,
  Email,
  NewPassword,
  Role,
  USER_EXAMPLE,
  Username
} from '../identity/schema.ts'
import { adminUserProperties } from './schema.ts'

const SETUP_URL =
  'https://tasks.example.com/app/#/set-password?reset_token=q3Zt1mJ8s4Qx7uN2aYb5cD9eF3gH6iJ1kL4mN7oP0qR'

const NAMES = { username: 'carol', email: 'carol@example.com', name: 'Carol Diaz' }

const SetupUrl = NullableText(
  md`The link with which the user chooses a password, once. It is shown only here: hand it over yourself. Null
     where an email has it, and for an account that has a password.`,
  2000
)

export const AdminUserCreate = requestBody(
  'AdminUserCreate',
  {
    username: Type.Optional(Username),
    email: Type.Optional(Email),
    name: Type.Optional(DisplayName),
    role: Type.Optional(ref(Role)),
    password: Type.Optional(NewPassword)
  },
  {
    description: md`A new account; at least one of \`username\` and \`email\`. Without \`role\` it is a \`user\`.
                    Without \`password\` the user chooses one with a link.`,
    examples: [{ ...NAMES, role: 'user' }]
  }
)
export type AdminUserCreate = Static<typeof AdminUserCreate>

export const AdminUserCreated = responseBody(
  'AdminUserCreated',
  { ...adminUserProperties, setup_url: SetupUrl },
  {
    description: 'A new account, and the link for its user where no email was sent.',
    examples: [{ ...USER_EXAMPLE, ...NAMES, disabled: false, setup_url: null }]
  }
)
export type AdminUserCreated = Static<typeof AdminUserCreated>

export const PasswordLink = responseBody(
  'PasswordLink',
  {
    setup_url: SetupUrl,
    expires_at: Timestamp('Until when the link works.')
  },
  {
    description: 'A link with which a user chooses another password.',
    examples: [{ setup_url: SETUP_URL, expires_at: '2026-01-03T03:04:05.678Z' }]
  }
)

export const accountSchemas: TSchema[] = [AdminUserCreate, AdminUserCreated, PasswordLink]

import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { requestBody } from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import {
  CurrentPassword,
  displayNameOptions,
  Email,
  NewPassword,
  Username
} from '../identity/schema.ts'

export const MeUpdate = requestBody(
  'MeUpdate',
  {
    username: Type.Optional(Username),
    name: Type.Optional(
      Type.Unsafe<string | null>({ ...displayNameOptions, type: ['string', 'null'] })
    ),
    email: Type.Optional(Email),
    current_password: Type.Optional(
      CurrentPassword(
        md`Your password; required with \`email\`, and with \`username\` when you last entered it more
           than five minutes ago. Only allowed with these.`
      )
    )
  },
  {
    minProperties: 1,
    description: md`What to change of your profile: an absent field stays as it is, null clears the
                    name. A new email requires your password, and takes effect once you confirm it
                    with the code that is sent to it.`,
    examples: [{ name: 'Ann Lee' }]
  }
)
export type MeUpdate = Static<typeof MeUpdate>

export const PasswordChange = requestBody(
  'PasswordChange',
  {
    current_password: CurrentPassword('Your current password.'),
    new_password: NewPassword,
    keep_api_keys: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'True keeps your API keys; otherwise all of them are revoked.'
      })
    )
  },
  {
    description: 'The current password and the new one.',
    examples: [
      { current_password: 'correct horse battery', new_password: 'a staple that is correct' }
    ]
  }
)
export type PasswordChange = Static<typeof PasswordChange>

export const AccountDeletion = requestBody(
  'AccountDeletion',
  { password: CurrentPassword('Your password, to confirm that it is you.') },
  {
    description: 'The confirmation that your account is to be deleted.',
    examples: [{ password: 'correct horse battery' }]
  }
)

export const schemas: TSchema[] = [MeUpdate, PasswordChange, AccountDeletion]

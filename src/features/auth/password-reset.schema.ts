import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Id, requestBody, responseBody } from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import { Email, NewPassword } from '../identity/schema.ts'
import { OneTimeCode } from './schema.ts'

const RESET_ID = '019f2f6e-7c1a-7eee-8eee-0123456789ab'
const RESET_TOKEN = 'q3Zt1mJ8s4Qx7uN2aYb5cD9eF3gH6iJ1kL4mN7oP0qR'
const ResetToken = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '^[A-Za-z0-9._~+/=-]+$',
  description: md`The token that the code was exchanged for, or the one in the link of an
                  administrator. It works once.`
})

export const ForgotPassword = requestBody(
  'ForgotPassword',
  { email: Email },
  { description: 'The email of the account.', examples: [{ email: 'ann@example.com' }] }
)
export const ResetRequest = responseBody(
  'ResetRequest',
  {
    reset_id: Id('The id of this request; send it with the code.')
  },
  {
    description: md`A request to reset a password. It looks the same whether or not there is an
                    account.`,
    examples: [{ reset_id: RESET_ID }]
  }
)
export type ResetRequest = Static<typeof ResetRequest>

export const OtpCheck = requestBody(
  'OtpCheck',
  { reset_id: Id('The `reset_id` of the request.'), otp: OneTimeCode },
  { description: 'The code from the email.', examples: [{ reset_id: RESET_ID, otp: '12345678' }] }
)
export type OtpCheck = Static<typeof OtpCheck>

export const ResetGrant = responseBody(
  'ResetGrant',
  { reset_token: ResetToken },
  {
    description: 'Permission to choose a new password, valid for ten minutes.',
    examples: [{ reset_token: RESET_TOKEN }]
  }
)
export type ResetGrant = Static<typeof ResetGrant>

export const PasswordReset = requestBody(
  'PasswordReset',
  { reset_token: ResetToken, new_password: NewPassword },
  {
    description: 'The new password.',
    examples: [{ reset_token: RESET_TOKEN, new_password: 'a staple that is correct' }]
  }
)
export type PasswordReset = Static<typeof PasswordReset>

export const schemas: TSchema[] = [
  ForgotPassword,
  ResetRequest,
  OtpCheck,
  ResetGrant,
  PasswordReset
]

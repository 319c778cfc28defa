import type { TSchema } from '@sinclair/typebox'
import { requestBody } from '../../http/schemas.ts'
import { Email } from '../identity/schema.ts'
import { OneTimeCode } from './schema.ts'

export const EmailConfirmation = requestBody(
  'EmailConfirmation',
  { email: Email, otp: OneTimeCode },
  {
    description: 'An email and the code that was sent to it.',
    examples: [{ email: 'ann@example.com', otp: '12345678' }]
  }
)

export const VerificationRequest = requestBody(
  'VerificationRequest',
  { email: Email },
  { description: 'The email to confirm.', examples: [{ email: 'ann@example.com' }] }
)

export const schemas: TSchema[] = [EmailConfirmation, VerificationRequest]

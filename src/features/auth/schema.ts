import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { NO_NUL, ref, requestBody, responseBody } from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import { CODE_PATTERN } from '../../lib/one-time-code.ts'
import {
  CurrentPassword,
  DisplayName,
  Email,
  NewPassword,
  User,
  Username
} from '../identity/schema.ts'

const TOKEN = '^[A-Za-z0-9._~+/=-]+$'
const Password = CurrentPassword('The password.')
export const OneTimeCode = Type.String({
  minLength: 8,
  maxLength: 80,
  pattern: CODE_PATTERN,
  description: md`The eight digits from the email. Blanks, hyphens, dots and invisible characters around and
                  between them do not count, and full-width digits are the same. Anything else is rejected and does not
                  count as an attempt.`,
  'x-hint': 'must be the eight digits from the email'
})
const RefreshToken = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: TOKEN,
  description: 'The refresh token of the last token set. It works once.'
})

const InvitationToken = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: TOKEN,
  description: md`The token in the link of an invitation, which works once. The account has the role of the invitation,
                  or \`user\` and is a member of the project that it names; \`email\` is confirmed if it is the one
                  that was invited.`
})

export const Register = requestBody(
  'Register',
  {
    username: Type.Optional(Username),
    email: Type.Optional(Email),
    name: Type.Optional(DisplayName),
    password: NewPassword,
    invitation_token: Type.Optional(InvitationToken)
  },
  {
    description: 'A new account; at least one of `username` and `email`.',
    examples: [{ username: 'ann', email: 'ann@example.com', password: 'correct horse battery' }]
  }
)

export const Login = requestBody(
  'Login',
  {
    username: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, pattern: NO_NUL, description: 'The username.' })
    ),
    email: Type.Optional(
      Type.String({ minLength: 1, maxLength: 254, pattern: NO_NUL, description: 'The email.' })
    ),
    password: Password
  },
  {
    description: 'Credentials; exactly one of `username` and `email`.',
    examples: [{ username: 'ann', password: 'correct horse battery' }]
  }
)
export type Login = Static<typeof Login>

export const Refresh = requestBody(
  'Refresh',
  { refresh_token: RefreshToken },
  {
    description: 'The refresh token to use.',
    examples: [{ refresh_token: 'w0Zt1mJ8s4Qx7uN2aYb5cD9eF3gH6iJ1kL4mN7oP0qR' }]
  }
)

const Ignored = (what: string) =>
  Type.Optional(
    Type.String({ maxLength: 1000, pattern: NO_NUL, description: `Accepted and ignored: ${what}.` })
  )
export const TokenRequest = requestBody(
  'TokenRequest',
  {
    // No named enum: openapi-generator writes Rust that does not compile for a reference in a form.
    grant_type: Type.String({
      maxLength: 100,
      pattern: '^(password|refresh_token)$',
      description: 'The grant of RFC 6749: `password` or `refresh_token`.',
      'x-hint': 'must be password or refresh_token'
    }),
    username: Type.Optional(
      Type.String({
        maxLength: 254,
        pattern: NO_NUL,
        description: 'With `password`: the username or the email.'
      })
    ),
    password: Type.Optional(
      Type.String({
        format: 'password',
        maxLength: 128,
        pattern: NO_NUL,
        description: 'With `password`: the password.'
      })
    ),
    refresh_token: Type.Optional(
      Type.String({
        maxLength: 200,
        pattern: NO_NUL,
        description: 'With `refresh_token`: the token to use.'
      })
    ),
    scope: Ignored('a session may do everything its user may do'),
    client_id: Ignored('clients are not registered'),
    client_secret: Ignored('clients are not registered')
  },
  {
    description: 'The form of RFC 6749, sections 4.3.2 and 6.',
    examples: [{ grant_type: 'password', username: 'ann', password: 'correct horse battery' }]
  }
)
export type TokenRequest = Static<typeof TokenRequest>

export const TokenSet = responseBody(
  'TokenSet',
  {
    access_token: Type.String({
      maxLength: 2000,
      pattern: TOKEN,
      description: 'Send it as `Authorization: Bearer …`.'
    }),
    token_type: Type.String({
      maxLength: 10,
      pattern: '^Bearer$',
      description: 'Always `Bearer`.'
    }),
    expires_in: Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: 86_400,
      description: 'Seconds until the access token expires.'
    }),
    refresh_token: Type.String({
      maxLength: 200,
      pattern: TOKEN,
      description: md`Exchange it for the next token set, once. Using one twice ends the session, so
                      never refresh in parallel.`
    }),
    user: ref(User)
  },
  {
    description: 'The tokens of a session, and its user.',
    examples: [
      {
        access_token: 'eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2lnbmF0dXJl',
        token_type: 'Bearer',
        expires_in: 900,
        refresh_token: 'w0Zt1mJ8s4Qx7uN2aYb5cD9eF3gH6iJ1kL4mN7oP0qR',
        user: User.examples[0]
      }
    ]
  }
)
export type TokenSet = Static<typeof TokenSet>

export const schemas: TSchema[] = [Register, Login, Refresh, TokenRequest, TokenSet]

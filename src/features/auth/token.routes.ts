import { invalidField, Problem, type ProblemCode } from '../../core/problem.ts'
import { sendProblem } from '../../http/error-handler.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { escapePointer, isValidText } from '../../lib/json-scan.ts'
import type { Client } from '../sessions/service.ts'
import type { AuthDeps } from './deps.ts'
import { answerTokens, clientOf } from './routes.ts'
import { TokenRequest, TokenSet } from './schema.ts'
import { login, refresh } from './service.ts'

const FORM = 'application/x-www-form-urlencoded'
const MAX_FIELDS = 50

/** The same log-in in the form of RFC 6749, for OAuth libraries and for the Authorize button. */
export async function tokenRoutes(app: App, deps: AuthDeps) {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, body, done) => {
    const form: Record<string, string | string[]> = Object.create(null)
    if (String(body).split('&', MAX_FIELDS + 1).length > MAX_FIELDS) {
      return done(invalidField('body', '', 'too_long', `A form may have ${MAX_FIELDS} fields.`))
    }
    for (const [name, value] of new URLSearchParams(String(body))) {
      if (!isValidText(value) || value.includes('\ufffd')) {
        return done(
          invalidField(
            'body',
            `/${escapePointer(name)}`,
            'malformed',
            'A value is not well-formed text.'
          )
        )
      }
      form[name] = name in form ? [form[name] as string].concat(value) : value
    }
    done(null, form)
  })

  // Refusals are a problem that also speaks RFC 6749, section 5.2.
  app.setErrorHandler((error, request, reply) =>
    sendProblem(error instanceof Problem ? inOAuthTerms(error) : error, request, reply)
  )

  app.post(
    '/token',
    {
      config: { allow: 'anyone', budget: 'auth', hasPlainJsonProblems: true },
      schema: {
        operationId: 'createToken',
        tags: ['Auth'],
        summary: 'Log in by form (RFC 6749)',
        description:
          'The token endpoint of RFC 6749 with the grants `password` (`username` is either identifier) and `refresh_token`. Refusals also carry `error` and `error_description`.',
        consumes: [FORM],
        body: ref(TokenRequest),
        response: responses(
          { 200: ref(TokenSet) },
          'invalid_grant',
          'unsupported_grant_type',
          'email_unverified'
        )
      }
    },
    (request, reply) => answerTokens(request, reply, grant(deps, request.body, clientOf(request)))
  )
}

async function grant(
  deps: AuthDeps,
  { grant_type, username, password, refresh_token }: TokenRequest,
  client: Client
): Promise<TokenSet> {
  if (grant_type === 'refresh_token') {
    if (!refresh_token) {
      throw invalidField(
        'body',
        '/refresh_token',
        'required',
        'refresh_token is required with this grant.'
      )
    }
    return refresh(deps, refresh_token, client)
  }
  if (!username) {
    throw invalidField('body', '/username', 'required', 'username is required with this grant.')
  }
  if (!password) {
    throw invalidField('body', '/password', 'required', 'password is required with this grant.')
  }
  return login(deps, username.includes('@') ? { email: username } : { username }, password, client)
}

function inOAuthTerms(problem: Problem): Problem {
  const isUnknownGrant = problem.extras.errors?.some(
    ({ pointer, code }) => pointer === '/grant_type' && ['malformed', 'too_long'].includes(code)
  )
  const code: ProblemCode =
    problem.code === 'bad_credentials'
      ? 'invalid_grant'
      : isUnknownGrant
        ? 'unsupported_grant_type'
        : problem.code
  if (problem.statusCode >= 500) {
    return problem
  }
  const error =
    code === 'email_unverified'
      ? 'invalid_grant'
      : code === 'invalid_grant' || code === 'unsupported_grant_type'
        ? code
        : 'invalid_request'
  const { 'www-authenticate': _, ...headers } = problem.headers
  return new Problem(code, {
    detail: problem.message,
    extras: { ...problem.extras, error, error_description: problem.message },
    headers
  })
}

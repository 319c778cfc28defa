import type { FastifyRequest } from 'fastify'
import { invalidField, Problem, type ProblemCode } from '../../core/problem.ts'
import { sendProblem } from '../../http/error-handler.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { escapePointer, isValidText } from '../../lib/json-scan.ts'
import { md } from '../../lib/md.ts'
import type { IdentityDeps } from '../identity/service.ts'
import { TokenRequest, TokenSet } from './schema.ts'
import { login, refresh } from './service.ts'
import { respondWithTokens } from './token-response.ts'

const FORM = 'application/x-www-form-urlencoded'
const MAX_FIELDS = 50

const createToken = {
  config: {
    allow: 'anyone',
    budget: 'auth',
    hasPlainJsonProblems: true,
    checksCredentials: true,
    ignoresAutomaticBans: true
  },
  schema: {
    operationId: 'createToken',
    tags: ['Auth'],
    summary: 'Log in by form (RFC 6749)',
    description: md`The token endpoint of RFC 6749 with the grants \`password\` (\`username\` is a
                    username or an email) and \`refresh_token\`. Errors also carry \`error\` and
                    \`error_description\`.`,
    consumes: [FORM],
    body: ref(TokenRequest),
    response: responses(
      { 200: ref(TokenSet) },
      'invalid_grant',
      'unsupported_grant_type',
      'email_unverified',
      'cross_site'
    )
  }
} as const

/** The same login in the form of RFC 6749, for OAuth libraries and for the Authorize button of the docs. */
export async function tokenRoutes(app: App, deps: IdentityDeps) {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(FORM, { parseAs: 'string' }, async (_request: unknown, body: string) =>
    parseForm(body)
  )

  // Problems also have the fields of RFC 6749, section 5.2.
  app.setErrorHandler((error, request, reply) =>
    sendProblem(error instanceof Problem ? toOAuthProblem(error) : error, request, reply)
  )

  app.post('/token', createToken, (request, reply) =>
    respondWithTokens(request, reply, grant(request, deps, request.body))
  )
}

/** Reads a form; a field that is sent twice becomes a list, which the schema rejects. */
function parseForm(body: string): Record<string, string | string[]> {
  if (body.split('&', MAX_FIELDS + 1).length > MAX_FIELDS) {
    throw invalidField('body', '', 'too_long', `A form may have ${MAX_FIELDS} fields.`)
  }
  const form: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of new URLSearchParams(body)) {
    if (!isValidText(value) || value.includes('\ufffd')) {
      const pointer = `/${escapePointer(name)}`
      throw invalidField('body', pointer, 'malformed', 'The value is not well-formed text.')
    }
    const sent = form[name]
    form[name] = sent === undefined ? value : [sent, value].flat()
  }
  return form
}

async function grant(
  { anonymousCtx: ctx, automaticBan }: FastifyRequest,
  deps: IdentityDeps,
  { grant_type, username, password, refresh_token }: TokenRequest
): Promise<TokenSet> {
  if (grant_type === 'refresh_token') {
    return refresh(ctx, deps, required('refresh_token', refresh_token))
  }
  if (automaticBan) {
    throw automaticBan
  }
  const name = required('username', username)
  return login(
    ctx,
    deps,
    name.includes('@') ? { email: name } : { username: name },
    required('password', password)
  )
}

function required(field: string, value: string | undefined): string {
  if (!value) {
    const detail = `${field} is required with this grant.`
    throw invalidField('body', `/${field}`, 'required', detail)
  }
  return value
}

function toOAuthProblem(problem: Problem): Problem {
  if (problem.statusCode >= 500) {
    return problem
  }
  const code = grantCodeOf(problem)
  const { 'www-authenticate': _, ...headers } = problem.headers
  return new Problem(code, {
    isGuess: problem.isGuess,
    detail: problem.message,
    extras: { ...problem.extras, error: oauthErrorOf(code), error_description: problem.message },
    headers
  })
}

function grantCodeOf({ code, extras }: Problem): ProblemCode {
  if (code === 'bad_credentials') {
    return 'invalid_grant'
  }
  const isUnknownGrant = extras.errors?.some(
    (error) => error.pointer === '/grant_type' && ['malformed', 'too_long'].includes(error.code)
  )
  return isUnknownGrant ? 'unsupported_grant_type' : code
}

function oauthErrorOf(code: ProblemCode): string {
  if (code === 'email_unverified') {
    return 'invalid_grant'
  }
  return code === 'invalid_grant' || code === 'unsupported_grant_type' ? code : 'invalid_request'
}

import { sql } from 'drizzle-orm'
import type { LightMyRequestResponse as Response } from 'fastify'
import t from 'tap'
import type { Db } from '../../../src/db/client.ts'
import { executeRows } from '../../../src/db/rows.ts'
import { advanceCodeTime, codeIn, wrongCode } from '../../support/emails.ts'
import { smtpServer } from '../../support/smtp.ts'
import { createTestApp } from '../../support/test-app.ts'

const PRODUCTION = {
  NODE_ENV: 'production',
  REGISTRATION: 'open',
  JWT_SECRET: 'q8Zt1mJ8s4Qx7uN2aYb5cD9eF3gH6iJ1kL4mN7oP0qR',
  DATABASE_URL: 'postgres://tasklane@127.0.0.1/tasklane',
  PUBLIC_URL: 'https://tasks.example.com'
}
const ANN = 'ann@example.com'
const [FIRST, SECOND, THIRD] = [
  'first words in a row',
  'second words in a row',
  'third words in a row'
]
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** Reads every row of every table as text. */
async function everythingStored(db: Db): Promise<string[]> {
  const tables = await executeRows<{ name: string }>(
    db,
    sql`
      SELECT quote_ident(table_name) AS name
      FROM information_schema.tables
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
  )
  const rows = await Promise.all(
    tables.map(({ name }) =>
      executeRows<{ row: string }>(
        db,
        sql`select ${sql.raw(`'${name} ' || t::text`)} as row from ${sql.raw(name)} t`
      )
    )
  )
  return rows.flat().map(({ row }) => row)
}

const holding = (texts: string[], secret: string): string[] =>
  texts.filter((text) => text.includes(secret))

t.test(
  'no password, code, token or key is in any table or log line, or in any response but the one that issues it',
  async (t) => {
    const smtp = await smtpServer(t)
    const log: string[] = []
    const { request, db } = await createTestApp(t, {
      env: { ...PRODUCTION, SMTP_URL: smtp.url },
      onLog: (line) => log.push(line)
    })
    const responses: string[] = []
    const hear = (response: Response): Response => {
      responses.push(JSON.stringify(response.headers) + response.body)
      return response
    }
    const post = async (
      path: string,
      payload: object | string,
      headers: Record<string, string> = {}
    ) => hear(await request({ method: 'POST', url: `/api/v1/${path}`, payload, headers }))
    let emails = 0
    const nextCode = async (): Promise<string> => codeIn((await smtp.arrived(++emails))[emails - 1])
    const given: string[] = []
    const typed = [FIRST, SECOND, THIRD, 'a wrong password']
    const tokensOf = (response: Response) => {
      const { access_token, refresh_token } = response.json()
      given.push(access_token, refresh_token)
      return { access_token, refresh_token, bearer: { authorization: `Bearer ${access_token}` } }
    }

    const ann = tokensOf(
      await post('auth/register', { username: 'ann', email: ANN, password: FIRST })
    )
    const confirmation = await nextCode()
    await post('auth/verify-email', { email: ANN, otp: wrongCode(confirmation) })
    await post('auth/verify-email', { email: ANN, otp: confirmation })
    await post('auth/login', { username: 'ann', password: 'a wrong password' })
    const session = tokensOf(await post('auth/login', { email: ANN, password: FIRST }))
    tokensOf(
      await post(
        'auth/token',
        `grant_type=password&username=ann&password=${encodeURIComponent(FIRST)}`,
        FORM
      )
    )
    const next = tokensOf(await post('auth/refresh', { refresh_token: session.refresh_token }))
    await post('auth/refresh', { refresh_token: session.refresh_token })
    await post('auth/refresh', { refresh_token: next.refresh_token })
    await post('me/password', { current_password: FIRST, new_password: SECOND }, ann.bearer)
    await smtp.arrived(++emails)
    const order = {
      name: 'Report',
      scopes: ['profile:read'],
      expires_at: new Date(Date.now() + 86_400_000).toISOString()
    }
    const { key } = (
      await post('me/api-keys', order, { ...ann.bearer, 'idempotency-key': 'once' })
    ).json()
    given.push(key)
    await smtp.arrived(++emails)
    await post('me/api-keys', order, { ...ann.bearer, 'idempotency-key': 'once' })
    hear(await request({ url: '/api/v1/me', headers: { authorization: `Bearer ${key}` } }))
    hear(await request({ url: '/api/v1/me/api-keys', headers: ann.bearer }))
    hear(await request({ url: '/api/v1/auth/sessions', headers: ann.bearer }))
    await advanceCodeTime(db, '61 seconds')
    hear(
      await request({
        method: 'PATCH',
        url: '/api/v1/me',
        payload: { email: 'lee@example.com', current_password: SECOND },
        headers: ann.bearer
      })
    )
    const change = await nextCode()
    await post('auth/verify-email', { email: 'lee@example.com', otp: change })
    await smtp.arrived(++emails)
    // A reset deletes keys and sessions, so that the tables are read before it as well.
    const before = await everythingStored(db)
    const { reset_id } = (await post('auth/forgot-password', { email: 'lee@example.com' })).json()
    const reset = await nextCode()
    await post('auth/verify-otp', { reset_id, otp: wrongCode(reset) })
    const { reset_token } = (await post('auth/verify-otp', { reset_id, otp: reset })).json()
    given.push(reset_token)
    await post('auth/reset-password', { reset_token, new_password: 'password' })
    t.equal(
      (await post('auth/reset-password', { reset_token, new_password: THIRD })).statusCode,
      204
    )
    await post('auth/reset-password', { reset_token, new_password: THIRD })
    await post('auth/login', { email: 'lee@example.com', password: THIRD })
    await smtp.arrived(++emails)

    const codes = [confirmation, change, reset]
    t.ok(
      codes.every((code) => /^\d{8}$/.test(code)) && given.every((secret) => secret?.length >= 43),
      'the secrets were all seen'
    )
    const stored = [...before, ...(await everythingStored(db))]
    t.ok(
      holding(stored, 'lee@example.com').length > 0 &&
        holding(log, 'requestPasswordReset').length > 0 &&
        holding(log, 'mail.sent').length > 0,
      'the search covers what was written'
    )
    for (const [i, secret] of [...typed, ...codes, ...given].entries()) {
      t.strictSame(holding(stored, secret), [], `secret ${i} in a table`)
      t.strictSame(holding(log, secret), [], `secret ${i} in the log`)
    }
    for (const [i, secret] of [...typed, ...codes].entries()) {
      t.strictSame(holding(responses, secret), [], `secret ${i} in an response`)
    }
    for (const [i, secret] of given.entries()) {
      t.equal(holding(responses, secret).length, 1, `token ${i} is in one response`)
    }
    t.strictSame(holding(log, reset_id), [], 'nor is the id of a reset in the log')
    t.strictSame(
      holding([...responses, ...log], '$argon2'),
      [],
      'nor a hash anywhere but in its column'
    )
    t.strictSame(
      new Set(holding(stored, '$argon2').map((row) => row.split(' ')[0])),
      new Set(['users'])
    )
  }
)

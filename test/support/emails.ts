import { setImmediate as turn } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { LightMyRequestResponse as Response } from 'fastify'
import type { EmailMessage, Mail } from '../../src/core/mail.ts'
import type { Db } from '../../src/db/client.ts'

/** Returns the emails to an account so far, newest first. They are sent right after the response, hence the turn. */
export async function emailsTo(mail: Mail, address: string): Promise<EmailMessage[]> {
  await turn()
  return mail.sentMessages().filter((email) => email.to === address)
}

/** Returns the code in an email. */
export const codeIn = (email: Pick<EmailMessage, 'text'> | undefined): string =>
  /^ {4}(\d{8})$/m.exec(email?.text ?? '')?.[1] ?? 'no code'

/** Returns the code in the newest email to an account. */
export const codeTo = async (mail: Mail, address: string): Promise<string> =>
  codeIn((await emailsTo(mail, address))[0])

/** Returns another code than this one. */
export const wrongCode = (code: string): string => String((Number(code) + 1) % 1e8).padStart(8, '0')

/** Advances the time for every code that was created. */
export async function advanceCodeTime(db: Db, span: string): Promise<void> {
  await db.execute(
    sql`
    UPDATE one_time_codes
    SET created_at = created_at - ${span}::interval,
        expires_at = expires_at - ${span}::interval,
        token_expires_at = token_expires_at - ${span}::interval`
  )
}

/** Returns a problem without the members that differ between requests. */
export function refusal(answer: Response): object {
  const { request_id: _, ...body } = answer.json()
  return { status: answer.statusCode, ...body }
}

type Ask = (options: { method: 'POST'; url: string; payload: object }) => Promise<Response>

/** Requests a password reset and exchanges the code from the email for a token. */
export async function resetTokenFor(
  { request, mail }: { request: Ask; mail: Mail },
  email: string
): Promise<string> {
  const { reset_id } = (
    await request({ method: 'POST', url: '/api/v1/auth/forgot-password', payload: { email } })
  ).json()
  const answer = await request({
    method: 'POST',
    url: '/api/v1/auth/verify-otp',
    payload: { reset_id, otp: await codeTo(mail, email) }
  })
  return answer.json().reset_token
}

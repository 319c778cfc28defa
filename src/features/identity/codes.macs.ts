import { createHmac, timingSafeEqual } from 'node:crypto'
import { deriveKeys, type Secrets } from '../../core/secrets.ts'
import type { AttemptedCode } from './codes.queries.ts'

export type Macs = ReturnType<typeof createMacs>

/** Creates the HMACs under which codes and emails are stored; right codes are recognised by every accepted secret. */
export function createMacs(secrets: Secrets) {
  const keys = deriveKeys(secrets, 'one-time-code')
  const hmac = (text: string, key = keys[0]) =>
    createHmac('sha256', key).update(text).digest('base64url')
  const ofEmail = (email: string, key = keys[0]) => hmac(`address ${email}`, key)
  const ofCode = (id: string, code: string, key = keys[0]) => hmac(`${id} ${code}`, key)
  return {
    ofEmail,
    ofCode,
    ofAccount: (id: string) => hmac(`account ${id}`),
    ofEmailByEachKey: (email: string) => keys.map((key) => ofEmail(email, key)),
    /** A code without an account is never right, however well it matches. */
    isRight: (attempted: AttemptedCode, code: string): boolean =>
      keys.some((key) =>
        timingSafeEqual(
          Buffer.from(ofCode(sentAs(attempted), code, key)),
          Buffer.from(attempted.code_mac)
        )
      ) && attempted.user_id !== null
  }
}

/** Returns the id under which a code was sent: requests that follow within a minute share it. */
export const sentAs = ({ id, code_of }: AttemptedCode): string => code_of ?? id

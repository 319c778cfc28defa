import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { deriveKeys, type Secrets } from '../../core/secrets.ts'
import type { Db } from '../../db/client.ts'
import {
  type CodeOwner,
  countAttemptsAt,
  insertCode,
  lockAndCountRecent,
  type Purpose,
  registerAttempt,
  type Tried
} from './queries.ts'

export const CODE_MINUTES = 10
const DIGITS = 8
/** Letters to one account, and to one email_mac whoever asks; what comes on top is silence. */
const MAX_AN_HOUR = 5
const MAX_A_DAY = 10
const MAX_TO_MAILBOX_AN_HOUR = 30

export type Codes = ReturnType<typeof createCodes>

/** Codes that go out by letter and come back once. */
export function createCodes(secrets: Secrets) {
  const keys = deriveKeys(secrets, 'one-time-code')
  const hmac = (text: string, key = keys[0]) =>
    createHmac('sha256', key).update(text).digest('base64url')
  const mailboxOf = (address: string, key = keys[0]) => hmac(`address ${address}`, key)
  const macOf = (id: string, code: string, key = keys[0]) => hmac(`${id} ${code}`, key)
  const verify =
    (code: string) =>
    ({ id, code_mac, user_id }: Tried): boolean =>
      keys.some((key) =>
        timingSafeEqual(Buffer.from(macOf(id, code, key)), Buffer.from(code_mac))
      ) && user_id !== null

  return {
    /**
     * Makes a code for whoever holds the address. For an address that nobody holds the same happens, save that no code can
     * be right. Too soon or too often gives no code, but the id of the one that is still open, so that the letter sent before is of use.
     */
    async issue(
      tx: Db,
      purpose: Purpose,
      address: string,
      holder: CodeOwner | undefined
    ): Promise<{ id: string; code: string | undefined }> {
      const email_mac = mailboxOf(address)
      const subject = holder ? hmac(`account ${holder.id}`) : email_mac
      const recent = await lockAndCountRecent(tx, purpose, subject, email_mac)
      if (
        recent.inMinute > 0 ||
        recent.inHour >= MAX_AN_HOUR ||
        recent.inDay >= MAX_A_DAY ||
        recent.toMailbox >= MAX_TO_MAILBOX_AN_HOUR
      ) {
        return { id: recent.open_id ?? uuidv7(), code: undefined }
      }
      const id = uuidv7()
      const code = String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0')
      await insertCode(
        tx,
        {
          id,
          purpose,
          subject,
          user_id: holder?.id ?? null,
          email_mac,
          account_fingerprint: holder?.account_fingerprint ?? null,
          code_mac: macOf(id, code)
        },
        CODE_MINUTES
      )
      return { id, code }
    },

    /** True when the code is the right one of this id and may still be tried. The try counts, whatever comes after. */
    verify: async (db: Db, purpose: Purpose, id: string, code: string): Promise<boolean> =>
      (await registerAttempt(db, purpose, id)).some(verify(code)),

    /** The id of the right code among those that went to an address. */
    findMatching: async (
      db: Db,
      purpose: Purpose,
      address: string,
      code: string
    ): Promise<string | undefined> =>
      (
        await countAttemptsAt(
          db,
          purpose,
          keys.map((key) => mailboxOf(address, key))
        )
      ).find(verify(code))?.id
  }
}

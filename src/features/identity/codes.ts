import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { Config } from '../../config.ts'
import type { Deps } from '../../core/deps.ts'
import { deriveKeys, type Secrets } from '../../core/secrets.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import {
  type AttemptedCode,
  type CodeOwner,
  type CodePurpose,
  type EmailOwner,
  findAccountFingerprint,
  findEmailOwner,
  findResetTokenOwner,
  insertCode,
  lockAndCountRecent,
  type RecentCodes,
  redeemCode,
  redeemResetToken,
  registerAttempt,
  registerAttemptsFor
} from './codes.queries.ts'
import { resetCodeEmail, verificationCodeEmail } from './emails.ts'

const CODE_MINUTES = 10
const DIGITS = 8
/** Emails to one account, and to one email address by any caller; beyond, none is sent. */
const MAX_AN_HOUR = 5
const MAX_A_DAY = 10
const MAX_TO_EMAIL_AN_HOUR = 30

const TEMPLATES = { password_reset: resetCodeEmail, email: verificationCodeEmail }

/** One-time codes that are sent by email and come back once. */
export interface Codes {
  /** Whether emails are confirmed here at all: that takes a mail server. */
  confirmsEmails: boolean
  /** Finds the enabled account with an email, in the same time whether or not there is one. */
  findOwner(db: Db, email: string): Promise<EmailOwner | undefined>
  /**
   * Creates a code and sends it to the owner of the email. Without an owner it does the same work, but no code is right
   * and no email is sent. Requested too soon or too often, it returns the id of the code that is still open, so that
   * the email sent before remains of use.
   */
  send(
    tx: Tx,
    purpose: CodePurpose,
    email: string,
    owner: CodeOwner | undefined
  ): Promise<{ id: string; isSent: boolean }>
  /** Sends an account the code that confirms `email`; returns false when codes were requested too often. */
  sendVerification(
    tx: Tx,
    user: { id: string; name: string | null },
    email: string
  ): Promise<boolean>
  /** Returns true when the code belongs to this id and may still be tried. The attempt counts in any case. */
  verify(db: Db, purpose: CodePurpose, id: string, code: string): Promise<boolean>
  /** Returns the id of the right code among those that were sent to an email. */
  findMatching(
    db: Db,
    purpose: CodePurpose,
    email: string,
    code: string
  ): Promise<string | undefined>
  /** Uses a right code once, perhaps in exchange for a token; returns the id of its account. */
  redeem(tx: Db, id: string, token?: { hash: string; minutes: number }): Promise<string | undefined>
  /** Finds the account whose password a reset token may replace, without using the token. */
  findResetTokenOwner(db: Db, hash: string): Promise<string | undefined>
  /** Returns true for the one request that may use a reset token. */
  redeemResetToken(tx: Db, hash: string): Promise<boolean>
}
type CodeDeps = Pick<Deps, 'mail' | 'secrets'> & {
  config: Pick<Config, 'EMAIL_VERIFICATION' | 'PUBLIC_URL'>
}
type Macs = ReturnType<typeof createMacs>

export function createCodes({ config, mail, secrets }: CodeDeps): Codes {
  const macs = createMacs(secrets)

  const send: Codes['send'] = async (tx, purpose, email, owner) => {
    const { id, code } = await createCode(tx, macs, { purpose, email, owner })
    const isSent = owner !== undefined && code !== undefined
    if (isSent) {
      const message = TEMPLATES[purpose](
        { email, name: owner.name },
        { code, minutes: CODE_MINUTES, publicUrl: config.PUBLIC_URL }
      )
      // After the response, so that its time does not show whether an email was sent.
      tx.afterCommit(() => void setImmediate(() => mail.send(message)))
    }
    return { id, isSent }
  }

  return {
    confirmsEmails: config.EMAIL_VERIFICATION !== 'off' && mail.isEnabled,
    findOwner: findEmailOwner,
    send,

    async sendVerification(tx, { id, name }, email) {
      const account_fingerprint = await findAccountFingerprint(tx, id)
      if (account_fingerprint === undefined) {
        return false
      }
      return (await send(tx, 'email', email, { id, name, account_fingerprint })).isSent
    },

    verify: async (db, purpose, id, code) =>
      (await registerAttempt(db, purpose, id)).some((attempted) => macs.isRight(attempted, code)),

    async findMatching(db, purpose, email, code) {
      const attempted = await registerAttemptsFor(db, purpose, macs.ofEmailByEachKey(email))
      return attempted.find((candidate) => macs.isRight(candidate, code))?.id
    },

    redeem: redeemCode,
    findResetTokenOwner,
    redeemResetToken
  }
}

/** Creates the HMACs under which codes and emails are stored; right codes are recognised by every accepted secret. */
function createMacs(secrets: Secrets) {
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
    isRight: ({ id, code_mac, user_id }: AttemptedCode, code: string): boolean =>
      keys.some((key) =>
        timingSafeEqual(Buffer.from(ofCode(id, code, key)), Buffer.from(code_mac))
      ) && user_id !== null
  }
}

interface CodeRequest {
  purpose: CodePurpose
  email: string
  owner: CodeOwner | undefined
}

async function createCode(
  tx: Db,
  macs: Macs,
  { purpose, email, owner }: CodeRequest
): Promise<{ id: string; code: string | undefined }> {
  const email_mac = macs.ofEmail(email)
  const subject = owner ? macs.ofAccount(owner.id) : email_mac
  const recent = await lockAndCountRecent(tx, purpose, subject, email_mac)
  if (isTooOften(recent)) {
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
      user_id: owner?.id ?? null,
      email_mac,
      account_fingerprint: owner?.account_fingerprint ?? null,
      code_mac: macs.ofCode(id, code)
    },
    CODE_MINUTES
  )
  return { id, code }
}

const isTooOften = ({ inMinute, inHour, inDay, toEmail }: RecentCodes): boolean =>
  inMinute > 0 || inHour >= MAX_AN_HOUR || inDay >= MAX_A_DAY || toEmail >= MAX_TO_EMAIL_AN_HOUR

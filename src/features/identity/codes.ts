import { randomBytes, randomInt } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { Config } from '../../config.ts'
import type { RequestContext } from '../../core/context.ts'
import type { Deps } from '../../core/deps.ts'
import type { EmailBudget } from '../../core/email-budget.ts'
import type { LoginThrottle } from '../../core/login-throttle.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import {
  type AskedFor,
  type Asker,
  admitAsker,
  isWithinLimits,
  networksOf
} from './codes.limits.ts'
import { createMacs, type Macs, sentAs } from './codes.macs.ts'
import {
  type CodeOwner,
  type CodePurpose,
  type EmailOwner,
  findAccountFingerprint,
  findEmailOwner,
  insertCode,
  lockAndCountRecent,
  redeemCode,
  registerAttempt,
  registerAttemptsFor,
  shareCode
} from './codes.queries.ts'
import { resetCodeEmail, verificationCodeEmail } from './emails.ts'

const CODE_MINUTES = 10
const DIGITS = 8

const TEMPLATES = { password_reset: resetCodeEmail, email: verificationCodeEmail }

/** One-time codes that are sent by email and come back once. */
export interface Codes {
  /** Whether emails are confirmed here at all: that takes a mail server. */
  confirmsEmails: boolean
  /** Finds the enabled account with an email, in the same time whether or not there is one. */
  findOwner(db: Db, email: string): Promise<EmailOwner | undefined>
  /**
   * Counts a request for a code and says who asks, for the calls below. Returns undefined when the client network or
   * the installation has used up its emails. Not in a transaction: a rollback must not take it back.
   */
  admit(ctx: Pick<RequestContext<null>, 'ip'>, account: AskedFor): Promise<Asker | undefined>
  /**
   * Creates a code and sends it to the owner of the email; returns the id that only its asker knows. Without an owner
   * it does the same work, but no code is right and no email is sent. Requested again within a minute, a password reset
   * gets another id for the code that was sent. Beyond the limits no code belongs to the id.
   */
  send(tx: Tx, asker: Asker | undefined, request: CodeRequest): Promise<string>
  /** Sends an account the code that confirms `email`; returns false when codes were requested too often. */
  sendVerification(
    tx: Tx,
    asker: Asker | undefined,
    user: { id: string },
    email: string
  ): Promise<boolean>
  /** Returns the id of the right code of a request that may still be tried. The attempt counts in any case. */
  verify(db: Db, purpose: CodePurpose, id: string, code: string): Promise<string | undefined>
  /**
   * Returns the id of the right code among those that were sent to an email. Callers who are logged in only enter codes
   * of their account. Others enter that of the account with this email, or of the only one that waits for it.
   */
  findMatching(
    db: Db,
    ctx: Pick<RequestContext<null>, 'ip'>,
    entry: { email: string; code: string; caller: string | undefined }
  ): Promise<string | undefined>
  /** Uses a right code once, perhaps in exchange for a token; returns the id of its account. */
  redeem(tx: Tx, id: string, token?: { hash: string; minutes: number }): Promise<string | undefined>
}
export interface CodeRequest {
  purpose: CodePurpose
  email: string
  owner: CodeOwner | undefined
  /** True where no earlier code of the account may be used any more, whoever asked for it. */
  replacesAll?: boolean
}
type CodeDeps = Pick<Deps, 'db' | 'mail' | 'secrets'> & {
  config: Pick<Config, 'EMAIL_VERIFICATION' | 'PUBLIC_URL'>
  throttle: LoginThrottle
  budget: EmailBudget
}

export function createCodes(deps: CodeDeps): Codes {
  const { config, mail, secrets } = deps
  const macs = createMacs(secrets)

  /** Creates a code and sends it after the response, whose time must not show whether an email was sent. */
  const send = async (tx: Tx, asker: Asker | undefined, request: CodeRequest) => {
    const { id, code } = await createCode(tx, macs, asker, request)
    const { owner, email, purpose } = request
    const isSent = owner !== undefined && code !== undefined
    if (isSent) {
      const content = { code, minutes: CODE_MINUTES, publicUrl: config.PUBLIC_URL }
      const message = TEMPLATES[purpose]({ email, name: owner.confirmed_name }, content)
      tx.afterCommit(() => void setImmediate(() => mail.send(message)))
    }
    return { id, isSent }
  }

  return {
    confirmsEmails: config.EMAIL_VERIFICATION !== 'off' && mail.isEnabled,
    findOwner: findEmailOwner,
    admit: (ctx, account) => admitAsker(ctx, deps, account),
    send: async (tx, asker, request) => (await send(tx, asker, request)).id,

    async sendVerification(tx, asker, { id }, email) {
      const account_fingerprint = await findAccountFingerprint(tx, id)
      if (account_fingerprint === undefined) {
        return false
      }
      const owner = { id, confirmed_name: null, account_fingerprint }
      const request = { purpose: 'email', email, owner, replacesAll: true } as const
      return (await send(tx, asker, request)).isSent
    },

    async verify(db, purpose, id, code) {
      const attempted = await registerAttempt(db, purpose, id)
      const right = attempted.find((candidate) => macs.isRight(candidate, code))
      return right && sentAs(right)
    },

    async findMatching(db, ctx, { email, code, caller }) {
      const entrant = { caller, networks: Object.values(networksOf(ctx)) }
      const sentTo = { email, macs: macs.ofEmailByEachKey(email) }
      const attempted = await registerAttemptsFor(db, sentTo, entrant)
      const right = attempted.find((candidate) => macs.isRight(candidate, code))
      const isAmbiguous = caller === undefined && right?.has_rivals && !right.is_current
      return isAmbiguous ? undefined : right?.id
    },

    redeem: redeemCode
  }
}

async function createCode(
  tx: Tx,
  macs: Macs,
  asker: Asker | undefined,
  { purpose, email, owner, replacesAll = false }: CodeRequest
): Promise<{ id: string; code: string | undefined }> {
  // Random but for its time: nobody but its asker can name it, and use up its attempts.
  const id = uuidv7({ random: randomBytes(16) })
  if (!asker) {
    return { id, code: undefined }
  }
  const email_mac = macs.ofEmail(email)
  const subject = owner ? macs.ofAccount(owner.id) : email_mac
  const scope = { purpose, subject, network: asker.network }
  const recent = await lockAndCountRecent(tx, scope, email_mac)
  const mayAsk = isWithinLimits(recent, asker)
  if (!mayAsk || recent.inMinute > 0) {
    if (mayAsk && purpose === 'password_reset') {
      await shareCode(tx, id, scope)
    }
    return { id, code: undefined }
  }
  const code = String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0')
  const stored = {
    ...scope,
    id,
    user_id: owner?.id ?? null,
    email_mac,
    account_fingerprint: owner?.account_fingerprint ?? null,
    code_mac: macs.ofCode(id, code),
    is_known: asker.isKnown
  }
  await insertCode(tx, stored, { minutes: CODE_MINUTES, replacesAll })
  return { id, code }
}

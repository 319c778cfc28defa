import type { Deps } from '../../core/deps.ts'
import { renderEmail } from '../../core/email-layout.ts'
import type { Tx } from '../../db/transaction.ts'
import { md } from '../../lib/md.ts'

/** What an email about an account says; `at` is when it happened. */
export type Notice = (at: string) => { subject: string; paragraphs: string[] }
export type NoticeDeps = Pick<Deps, 'mail' | 'config'>
export interface Owner {
  email: string | null
  email_verified: boolean
  name: string | null
}

/** Emails the owner of an account once a change of what opens it is committed; only a confirmed address gets it. */
export function notifyOwner(
  tx: Tx,
  { mail, config }: NoticeDeps,
  { email, email_verified, name }: Owner,
  notice: Notice
): void {
  if (email === null || !email_verified) {
    return
  }
  tx.afterCommit(() => {
    const content = notice(new Date().toISOString())
    setImmediate(() =>
      mail.send(renderEmail({ email, name }, { ...content, publicUrl: config.PUBLIC_URL }))
    )
  })
}

const ASK_ADMIN = 'contact the administrator of your installation'
const CHANGE_PASSWORD = md`If it was not you, change your password immediately: that ends all other sessions and
                           revokes all API keys. Then ${ASK_ADMIN}.`
const RESET_PASSWORD = md`If it was not you, reset your password immediately, with a code that is sent to this email
                          address. Then ${ASK_ADMIN}.`

/** None of them repeats what somebody typed: whoever has stolen a session could write to its owner in our name. */
export const notices = {
  keyCreated:
    ({
      prefix,
      scopes,
      expires_at
    }: {
      prefix: string
      scopes: string[]
      expires_at: string
    }): Notice =>
    (at) => ({
      subject: 'An API key was created for your account',
      paragraphs: [
        md`The API key ${prefix}… was created for your Tasklane account at ${at}. It is valid until
           ${expires_at} and may do this: ${scopes.join(', ')}.`,
        CHANGE_PASSWORD
      ]
    }),

  usernameChanged: (at: string) => ({
    subject: 'The username of your account was changed',
    paragraphs: [
      md`The username of your Tasklane account was changed at ${at}. You can log in with this email
         address, as before.`,
      CHANGE_PASSWORD
    ]
  }),

  passwordChanged:
    ({ keepsKeys }: { keepsKeys: boolean }): Notice =>
    (at) => ({
      subject: 'Your password was changed',
      paragraphs: [
        `The password of your Tasklane account was changed at ${at}.`,
        keepsKeys
          ? 'All other sessions have ended. Your API keys are still valid.'
          : 'All other sessions have ended and all API keys have been revoked.',
        RESET_PASSWORD
      ]
    }),

  sessionsEnded:
    (count: number): Notice =>
    (at) => ({
      subject: 'Sessions of your account were ended',
      paragraphs: [
        md`${count === 1 ? 'Another session' : `${count} other sessions`} of your Tasklane account
           ended at ${at}, at the request of one of your sessions.`,
        CHANGE_PASSWORD
      ]
    }),

  accessEndedByAdmin: (at: string) => ({
    subject: 'Your sessions were ended by an administrator',
    paragraphs: [
      md`An administrator ended all sessions of your Tasklane account and revoked its API keys at
         ${at}. Log in to go on, and create new API keys where you need them.`,
      `If you did not expect this, ${ASK_ADMIN}.`
    ]
  }),

  keysRevokedByAdmin:
    (count: number): Notice =>
    (at) => ({
      subject: 'API keys of your account were revoked by an administrator',
      paragraphs: [
        md`An administrator revoked ${count === 1 ? 'an API key' : `${count} API keys`} of your
           Tasklane account at ${at}.`,
        `If you did not expect this, ${ASK_ADMIN}.`
      ]
    }),

  accountDeleted: (at: string) => ({
    subject: 'Your account was deleted',
    paragraphs: [
      `Your Tasklane account was deleted at ${at}, with the right password.`,
      `If it was not you, ${ASK_ADMIN} immediately.`
    ]
  })
}

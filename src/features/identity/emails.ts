import { type EmailRecipient, renderEmail } from '../../core/email-layout.ts'
import type { EmailMessage } from '../../core/mail.ts'
import { md } from '../../lib/md.ts'

export interface CodeEmail {
  code: string
  minutes: number
  publicUrl: string | undefined
}

/** Sends the code that replaces a forgotten password. */
export const resetCodeEmail = (
  to: EmailRecipient,
  { code, minutes, publicUrl }: CodeEmail
): EmailMessage =>
  renderEmail(to, {
    subject: 'Your password reset code',
    publicUrl,
    paragraphs: [
      md`Someone, probably you, asked to reset the password of your Tasklane account. To choose a new
         password, enter this code:`,
      { code },
      validity(minutes),
      md`If it was not you, ignore this email: your password stays the same. Never give this code to
         anyone.`
    ]
  })

/** Sends the code that proves who reads an email address. */
export const verificationCodeEmail = (
  to: EmailRecipient,
  { code, minutes, publicUrl }: CodeEmail
): EmailMessage =>
  renderEmail(to, {
    subject: 'Confirm your email address',
    publicUrl,
    paragraphs: [
      md`This email address was entered for a Tasklane account. To confirm that it is yours, enter
         this code:`,
      { code },
      validity(minutes),
      md`If it was not you, ignore this email: the address will not be confirmed. Never give this
         code to anyone.`
    ]
  })

const validity = (minutes: number): string =>
  md`The code is valid for ${minutes} minutes and works once. If you asked more than once, only the
     newest code that you asked for works; others cannot use up yours.`

export interface PasswordLinkEmail {
  url: string
  /** The account is new and has no password yet. */
  isNew: boolean
  expiresAt: string
  publicUrl: string | undefined
}

/** Sends the link with which a user chooses a password, at the request of an admin. */
export const passwordLinkEmail = (
  to: EmailRecipient,
  { url, isNew, expiresAt, publicUrl }: PasswordLinkEmail
): EmailMessage =>
  renderEmail(to, {
    subject: isNew ? 'Your new account' : 'Choose a new password',
    publicUrl,
    paragraphs: [
      isNew
        ? 'An administrator created a Tasklane account for you. To choose your password, open this link:'
        : md`An administrator asks you to choose a new password for your Tasklane account. To do so, open
             this link:`,
      { link: url },
      `The link works once, until ${expiresAt}. Never give it to anyone.`,
      isNew
        ? 'If you did not expect this, ignore this email.'
        : 'Until then your password stays the same. If you did not expect this, ask your administrator.'
    ]
  })

export interface EmailChange {
  /** Null where the old address was never confirmed: whoever reads it may be a stranger. */
  newEmail: string | null
  changedAt: string
  publicUrl: string | undefined
}

/** Notifies the old email address that the account now has another one. */
export const emailChangedEmail = (
  to: EmailRecipient,
  { newEmail, changedAt, publicUrl }: EmailChange
): EmailMessage =>
  renderEmail(to, {
    subject: 'The email address of your account was changed',
    publicUrl,
    paragraphs: [
      md`Your Tasklane account now uses ${newEmail === null ? 'another one' : maskEmail(newEmail)}
         instead of this email address. The change was made at ${changedAt}.`,
      'If it was not you, contact the administrator of your installation immediately.'
    ]
  })

/** Shows enough of an email for its owner to recognise it, and too little for anyone else. */
const maskEmail = (email: string): string => email.replace(/^(.).*(?=@)/, '$1…')

import { type EmailRecipient, renderEmail } from '../../core/email-layout.ts'
import type { EmailMessage } from '../../core/mail.ts'
import { md } from '../../lib/md.ts'

/** Notifies the owner of an account that its password was reset. */
export const passwordResetEmail = (
  to: EmailRecipient,
  {
    resetAt,
    isLink,
    publicUrl
  }: { resetAt: string; isLink: boolean; publicUrl: string | undefined }
): EmailMessage =>
  renderEmail(to, {
    subject: 'Your password was changed',
    publicUrl,
    paragraphs: [
      md`The password of your Tasklane account was reset at ${resetAt}, with
         ${isLink ? 'the link of an administrator' : 'a code that was sent to this email address'}.`,
      'All sessions have ended and all API keys have been revoked.',
      md`If it was not you, someone else can read your email: secure your mailbox first, then reset
         your password again.`
    ]
  })

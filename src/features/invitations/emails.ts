import { renderEmail } from '../../core/email-layout.ts'
import type { EmailMessage } from '../../core/mail.ts'

export interface InvitationEmail {
  url: string
  expiresAt: string
  publicUrl: string | undefined
}

/** Sends the link with which somebody creates an account. */
export const invitationEmail = (
  email: string,
  { url, expiresAt, publicUrl }: InvitationEmail
): EmailMessage =>
  renderEmail(
    { email, name: null },
    {
      subject: 'You are invited to Tasklane',
      publicUrl,
      paragraphs: [
        'An administrator of this Tasklane installation invites you. To create your account, open this link:',
        { link: url },
        `The link works once, until ${expiresAt}. Do not pass it on: it is for you alone.`,
        'If you did not expect this, ignore this email.'
      ]
    }
  )

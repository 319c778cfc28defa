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

export interface ProjectInvitationEmail {
  /** With which somebody without an account creates one; null where nobody can. */
  url: string | null
  expiresAt: string
  publicUrl: string | undefined
}

/** Tells an address that it is invited to a project. It has nothing that whoever invites has written. */
export const projectInvitationEmail = (
  email: string,
  { url, expiresAt, publicUrl }: ProjectInvitationEmail
): EmailMessage =>
  renderEmail(
    { email, name: null },
    {
      subject: 'You are invited to a project in Tasklane',
      publicUrl,
      paragraphs: [
        'Somebody who uses this Tasklane installation invites you to a project.',
        'If you have an account with this email, log in: the invitation is among yours, to accept or to decline.',
        ...(url === null ? [] : ['To create an account and join, open this link:', { link: url }]),
        `The invitation can be used once, until ${expiresAt}. Do not pass it on: it is for you alone.`,
        'If you did not expect this, ignore this email.'
      ]
    }
  )

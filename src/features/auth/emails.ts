import type { EmailMessage } from '../../core/mail.ts'

/** Whom a letter is for. */
export interface Reader {
  address: string
  name: string | null
}
/** Where this installation is, for links; without `PUBLIC_URL` letters have none, since a request's headers are not to be trusted. */
export type EmailContext = string | undefined
export interface CodeEmail {
  code: string
  minutes: number
  origin: EmailContext
}

/** The code with which a forgotten password is replaced. */
export const resetCodeEmail = (
  reader: Reader,
  { code, minutes, origin }: CodeEmail
): EmailMessage =>
  letter(reader, 'Your code for a new password', origin, [
    'Somebody, probably you, asked for a new password for your Tasklane account. To choose one, enter this code:',
    { code },
    `It is valid for ${minutes} minutes and can be used once. If you asked again, only the newest code counts.`,
    'If it was not you, do nothing: your password stays as it is. Never give this code to anybody.'
  ])

/** The code that proves who reads an address. */
export const verificationCodeEmail = (
  reader: Reader,
  { code, minutes, origin }: CodeEmail
): EmailMessage =>
  letter(reader, 'Your code to confirm this address', origin, [
    'This address was given for a Tasklane account. To confirm that it is yours, enter this code:',
    { code },
    `It is valid for ${minutes} minutes and can be used once. If you asked again, only the newest code counts.`,
    'If you know nothing of this, do nothing: the address will not be confirmed. Never give this code to anybody.'
  ])

/** Tells the owner of an account that its password was replaced. */
export const passwordChangedEmail = (
  reader: Reader,
  at: string,
  origin: EmailContext
): EmailMessage =>
  letter(reader, 'Your password was changed', origin, [
    `The password of your Tasklane account was replaced with a code from a letter to this address, at ${at}.`,
    'Every session was ended and every API key was revoked.',
    'If it was not you, somebody else can read your mail: secure your mailbox first, then ask for a new password again.'
  ])

/** Tells the reader of the old address that the account has moved on. */
export const emailChangedEmail = (
  reader: Reader,
  next: string,
  at: string,
  origin: EmailContext
): EmailMessage =>
  letter(reader, 'The address of your account was changed', origin, [
    `Your Tasklane account now belongs to the address ${masked(next)} and no longer to this one. The change was confirmed at ${at}.`,
    'If it was not you, ask the administrator of your installation for help at once.'
  ])

type Paragraph = string | { code: string }

function letter(
  { address, name }: Reader,
  subject: string,
  origin: EmailContext,
  body: Paragraph[]
): EmailMessage {
  const place = origin === undefined ? [] : [`Tasklane at ${origin}`]
  const paragraphs: Paragraph[] = [name === null ? 'Hello,' : `Hello ${name},`, ...body]
  return {
    to: address,
    subject,
    text: `${[...paragraphs.map((p) => (typeof p === 'string' ? p : `    ${p.code}`)), ...place].join('\n\n')}\n`,
    html: page(subject, [
      ...paragraphs.map(paragraphHtml),
      ...(origin === undefined
        ? []
        : [`<p><a href="${escaped(origin)}">${escaped(place[0] as string)}</a></p>`])
    ])
  }
}

const paragraphHtml = (p: Paragraph): string =>
  typeof p === 'string'
    ? `<p>${escaped(p)}</p>`
    : `<p style="font-size:28px;letter-spacing:4px;font-family:monospace">${escaped(p.code)}</p>`

function page(title: string, blocks: string[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title></head>
<body style="font-family:sans-serif;max-width:36em;margin:2em auto;padding:0 1em">
${blocks.join('\n')}
</body></html>
`
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}
const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => ENTITIES[c] as string)

/** Enough of an address for its owner to know it, too little for anybody else. */
const masked = (address: string): string => address.replace(/^(.).*(?=@)/, '$1…')

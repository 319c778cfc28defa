import { escapeHtml } from '../lib/html.ts'
import type { EmailMessage } from './mail.ts'

export interface EmailRecipient {
  email: string
  /** Null for an address that is not confirmed: its reader must not get what somebody else has written. */
  name: string | null
}
export type EmailParagraph = string | { code: string } | { link: string }
export interface EmailContent {
  subject: string
  paragraphs: EmailParagraph[]
  /** Where this installation is. Without `PUBLIC_URL` emails have no link: a request's headers are not trustworthy. */
  publicUrl: string | undefined
}

/** What mail programs turn into a link. */
const LIKE_A_LINK = /[:/.@]/

/** Lays out an email as plain text and as HTML, with a greeting above and a link below. */
export function renderEmail(
  { email, name }: EmailRecipient,
  { subject, paragraphs, publicUrl }: EmailContent
): EmailMessage {
  const greeting = name === null || LIKE_A_LINK.test(name) ? 'Hello,' : `Hello ${name},`
  const all: EmailParagraph[] = [greeting, ...paragraphs]
  const footer = publicUrl === undefined ? [] : [`Tasklane at ${publicUrl}`]
  const footerHtml =
    publicUrl === undefined
      ? []
      : [`<p><a href="${escapeHtml(publicUrl)}">Tasklane at ${escapeHtml(publicUrl)}</a></p>`]
  return {
    to: email,
    subject,
    text: `${[...all.map(paragraphText), ...footer].join('\n\n')}\n`,
    html: htmlPage(subject, [...all.map(paragraphHtml), ...footerHtml])
  }
}

const paragraphText = (paragraph: EmailParagraph): string =>
  typeof paragraph === 'string' ? paragraph : `    ${Object.values(paragraph)}`

const CODE_STYLE = 'font-size:28px;letter-spacing:4px;font-family:monospace'

function paragraphHtml(paragraph: EmailParagraph): string {
  if (typeof paragraph === 'string') {
    return `<p>${escapeHtml(paragraph)}</p>`
  }
  return 'link' in paragraph
    ? `<p><a href="${escapeHtml(paragraph.link)}">${escapeHtml(paragraph.link)}</a></p>`
    : `<p style="${CODE_STYLE}">${escapeHtml(paragraph.code)}</p>`
}

const htmlPage = (title: string, blocks: string[]): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>
<body style="font-family:sans-serif;max-width:36em;margin:2em auto;padding:0 1em">
${blocks.join('\n')}
</body></html>
`

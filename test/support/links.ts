import type { EmailMessage } from '../../src/core/mail.ts'

/** Returns the token in a link to the console, or in the email that has the link. */
export const tokenIn = (source: string | Pick<EmailMessage, 'text'> | undefined | null): string => {
  const text = typeof source === 'string' ? source : (source?.text ?? '')
  return /#\/[a-z-]+\?[a-z_]+=([\w-]{43})\b/.exec(text)?.[1] ?? 'no token'
}

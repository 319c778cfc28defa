const MAX_REASON = 300
/** No more of a reply is looked at. */
const MAX_READ = 4000
/** Hiding shorter ones would leave no word of the reason. */
const MIN_SECRET = 3

/** What nodemailer throws. */
export interface SmtpError extends Error {
  code?: string
  /** The reply of the server, with its code apart. */
  response?: string
  responseCode?: number
}

const credentialsIn = ({ username, password }: URL): string[] =>
  [username, password].flatMap((text) => [text, decode(text)])

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const AN_EMAIL = /[^\s<>()"',;:]+@[^\s<>()"',;:]+/g
const A_CODE = /\b\d{8}\b/g

/**
 * Returns why a message was not sent, without credentials, addresses and codes: the reply of the server, or what is
 * wrong with the connection.
 */
export function reasonOf(error: SmtpError, url: URL): string {
  const { code, response } = error
  const message = error.message || String(code)
  const cause = (error.cause as Error | undefined)?.message
  const more = [cause, response].filter((part) => part && !message.includes(part))
  const text = [message, ...more].join(': ').slice(0, MAX_READ)
  return credentialsIn(url)
    .filter((secret) => secret.length >= MIN_SECRET)
    .reduce((hidden, secret) => hidden.replaceAll(secret, '…'), text)
    .replace(AN_EMAIL, '…')
    .replace(A_CODE, '…')
    .replace(/\s+/g, ' ')
    .slice(0, MAX_REASON)
}

/** Returns true for a reply of 5xx (RFC 5321, 4.2.1), except 503, which is about the connection and not the message. */
export const isPermanent = (responseCode: number | undefined): boolean =>
  responseCode !== undefined && responseCode >= 500 && responseCode !== 503

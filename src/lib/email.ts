import { domainToASCII } from 'node:url'

const MAX_LENGTH = 254
const LOCAL_PART = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$/
const DOMAIN = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/
/** Letters of any script, digits, hyphens and dots: what may become the ASCII form of a domain (RFC 5891). */
const UNICODE_DOMAIN = /^[\u200d\p{L}\p{M}\p{N}\u00b7\u200c\u3002\uff0e\uff61.-]+$/u

/**
 * Returns the one form in which an email is stored and compared, or undefined for what is no bare email: in lower case,
 * its local part in ASCII without quotes, its domain in ASCII (an international one as punycode), with or without dots.
 */
export function normalizeEmail(text: string): string | undefined {
  const [local = '', domain = '', ...rest] = text.split('@')
  const ascii = asciiDomain(domain)
  const email = `${local.toLowerCase()}@${ascii}`
  return rest.length === 0 &&
    email.length <= MAX_LENGTH &&
    LOCAL_PART.test(local) &&
    DOMAIN.test(ascii)
    ? email
    : undefined
}

/** Returns what an email is looked up by; what is no email belongs to nobody in any form. */
export const emailKey = (text: string): string => normalizeEmail(text) ?? text.toLowerCase()

/** Returns true for one bare email. */
export const isEmail = (text: string): boolean => normalizeEmail(text) !== undefined

/**
 * Returns the ASCII form of a domain in lower case, or an empty string. A sign that only looks like a letter of ASCII
 * makes no ASCII domain, and no digits make an IP address.
 */
function asciiDomain(domain: string): string {
  if (Buffer.byteLength(domain) === domain.length) {
    return domain.toLowerCase()
  }
  if (domain.length > MAX_LENGTH || !UNICODE_DOMAIN.test(domain)) {
    return ''
  }
  const ascii = domainToASCII(domain)
  return ascii.includes('xn--') ? ascii : ''
}

export interface Mailbox {
  name: string
  address: string
}

const QUOTED_NAME = /^"((?:[^"\\]|\\.)*)"$/
const LINE_BREAK_OR_CONTROL = /\p{Cc}/u

/**
 * Reads one email, alone or in angle brackets behind a name, which may be quoted. Returns undefined for anything else,
 * such as two of them.
 */
export function parseMailbox(text: string): Mailbox | undefined {
  const [, label = '', bracketed] = /^(.*?)\s*<([^<>]*)>$/s.exec(text) ?? []
  const address = normalizeEmail(bracketed ?? text)
  const quoted = QUOTED_NAME.exec(label)?.[1]?.replace(/\\(.)/g, '$1')
  const name = quoted ?? label
  const isAmbiguous = quoted === undefined && /[<>@]/.test(name)
  return address === undefined || isAmbiguous || LINE_BREAK_OR_CONTROL.test(name)
    ? undefined
    : { name: name.trim(), address }
}

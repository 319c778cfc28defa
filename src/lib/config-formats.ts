import { closestName } from './did-you-mean.ts'
import { parseMailbox } from './email.ts'
import { isProxyRange } from './ip.ts'
import { parsePostgresUrl, postgresUrlFault } from './postgres-url.ts'

export interface ConfigFormat {
  /** What a value must be, in words that follow the variable's name. */
  rule: string
  check: (value: string) => boolean
}

/** Returns the entries of a comma-separated list, trimmed, without empty ones. */
export const splitList = (list: string | undefined): string[] =>
  (list ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)

const MIN_SECRET_BYTES = 32
export const SECRET_HINT = 'generate one with: openssl rand -base64 48'

const everyEntry = (check: (entry: string) => boolean) => (list: string) =>
  splitList(list).every(check)
const isUrl =
  (...protocols: string[]) =>
  (text: string) =>
    protocols.includes(URL.parse(text)?.protocol ?? '')
/** The first segments of our own paths: a proxy that strips such a base path and one that keeps it look the same. */
const OWN_SEGMENTS = [
  'api',
  'app',
  'dev',
  'docs',
  'health',
  'metrics',
  'openapi.json',
  'openapi-3.0.json',
  'problems'
]
/** With a path of ours behind it, such as that of a problem, it is still a URL that every client takes. */
const MAX_PUBLIC_URL = 150
const BASE_PATH = /^(?:\/[\w.~-]+)*\/?$/
const isPublicUrl = (text: string) => {
  const url = isUrl('http:', 'https:')(text) ? new URL(text) : undefined
  return (
    url !== undefined &&
    text.length <= MAX_PUBLIC_URL &&
    BASE_PATH.test(url.pathname) &&
    `${url.origin}${url.pathname}`.replace(/\/$/, '') === text.replace(/\/$/, '') &&
    !text.includes('*') &&
    !OWN_SEGMENTS.includes(url.pathname.split('/')[1] ?? '')
  )
}
const isOrigin = (text: string) =>
  isUrl('http:', 'https:')(text) &&
  new URL(text).origin === text.replace(/\/$/, '') &&
  // No name of a host has an empty part: such a beginning is meant as a pattern, as a * is.
  !/\*|\/\/\.|\.\./.test(text)
/** Apps and browser extensions have origins that no URL parser knows, with a scheme of their own. */
const APP_ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/[A-Za-z0-9._-]+(:\d+)?\/?$/
/** Schemes of what has no origin to be known by, or one that belongs to everybody. */
const NO_APP = ['ws', 'wss', 'ftp', 'file', 'javascript', 'data', 'blob', 'about']
const isAppOrigin = (text: string) => {
  const scheme = APP_ORIGIN.exec(text)?.[1]
  // `htps` is no app.
  return (
    scheme !== undefined &&
    !NO_APP.includes(scheme) &&
    closestName(scheme, ['http', 'https']) === undefined
  )
}
const isCallerOrigin = (text: string) => isOrigin(text) || isAppOrigin(text)

/** Returns true for what begins like a PostgreSQL URL; postgres-url.ts says whether it can be used. */
export const isPostgresUrl = (text: string | undefined): text is string =>
  /^(jdbc:)?postgres(ql)?(\+\w+)?:\/\//.test(text ?? '')

/** The formats of settings, by the name that their schema refers to. */
export const CONFIG_FORMATS: Record<string, ConfigFormat> = {
  'public-url': {
    rule:
      'must be a URL such as https://tasks.example.com or https://example.com/tasks, ' +
      `of at most ${MAX_PUBLIC_URL} characters, ` +
      `whose path begins with none of ${OWN_SEGMENTS.map((segment) => `/${segment}`).join(', ')}`,
    check: isPublicUrl
  },
  'postgres-url': {
    rule: 'must look like postgres://user:password@host:5432/database',
    check: (text) => isPostgresUrl(text)
  },
  'redis-url': { rule: 'must look like redis://host:6379', check: isUrl('redis:', 'rediss:') },
  'smtp-url': {
    rule: 'must look like smtp://user:password@host:587',
    check: isUrl('smtp:', 'smtps:')
  },
  'email-from': {
    rule:
      'must be an email address, or a name and an email address such as Tasklane <tasklane@example.com>; ' +
      'a name with @, < or > must be in double quotes',
    check: (text) => parseMailbox(text) !== undefined
  },
  secret: {
    rule: `must have at least ${MIN_SECRET_BYTES} bytes; ${SECRET_HINT}`,
    check: (text) => Buffer.byteLength(text) >= MIN_SECRET_BYTES
  },
  'collector-url': {
    rule: 'must look like http://collector:4318',
    check: isUrl('http:', 'https:')
  },
  'metrics-token': {
    rule: 'must have at least 16 characters without spaces',
    check: (text) => /^\S{16,}$/.test(text)
  },
  'origin-list': {
    rule: 'must be exact origins separated by commas, such as https://app.example.com; * is not one',
    check: everyEntry(isCallerOrigin)
  },
  'cidr-list': {
    rule:
      "must be the proxies' ranges as CIDRs separated by commas, such as 10.0.0.0/8; " +
      'a hop count, true or /0 would let callers choose their own IP address',
    check: everyEntry(isProxyRange)
  },
  'inside-ranges': {
    rule: 'must be CIDRs separated by commas, such as 10.0.0.0/8; /0 would open everything inside',
    check: everyEntry(isProxyRange)
  },
  allowlist: {
    rule: 'must be CIDRs separated by commas, or none',
    check: (text) => text === 'none' || everyEntry(isProxyRange)(text)
  }
}

/** Phrases that are meant to be replaced, or a few characters repeated. */
const PLACEHOLDER = new RegExp(
  [
    'change[-_ ]?(me|this|it)',
    'replace[-_ ]?(me|this|it)',
    'placeholder',
    'your[-_ ]',
    'example',
    'secret[-_ ]?(key|here)',
    '^(?<part>.{1,8})\\k<part>+$'
  ].join('|'),
  'i'
)
const MIN_DISTINCT_CHARACTERS = 8

/** Returns true for a secret that was copied from an example or is trivial. */
export const isPlaceholder = (secret: string): boolean =>
  PLACEHOLDER.test(secret) || new Set(secret).size < MIN_DISTINCT_CHARACTERS

/** Returns the password in a URL, decoded; empty without one. */
export function passwordInUrl(url: string | undefined): string {
  if (isPostgresUrl(url)) {
    return postgresUrlFault(url) === undefined ? (parsePostgresUrl(url).password ?? '') : ''
  }
  const password = URL.parse(url ?? '')?.password ?? ''
  try {
    return decodeURIComponent(password)
  } catch {
    return password
  }
}

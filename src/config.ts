import { type Static, Type } from '@sinclair/typebox'
import { Ajv, type ErrorObject } from 'ajv'
import { isProxyRange } from './lib/address.ts'

const OnOff = (fallback: 'on' | 'off') =>
  Type.Unsafe<'on' | 'off'>({ type: 'string', enum: ['on', 'off'], default: fallback })
const Seconds = (fallback: number, least: number, most: number) =>
  Type.Integer({ default: fallback, minimum: least, maximum: most })
const PerMinute = (fallback: number) =>
  Type.Integer({ default: fallback, minimum: 1, maximum: 1_000_000 })

/** Every variable Tasklane reads, in the order of `.env.example`. Lists are separated by commas. */
export const Environment = Type.Object({
  NODE_ENV: Type.Unsafe<'development' | 'production' | 'test'>({
    type: 'string',
    enum: ['development', 'production', 'test'],
    default: 'development'
  }),
  HOST: Type.String({ default: '127.0.0.1', minLength: 1 }),
  PORT: Type.Integer({ default: 3000, minimum: 0, maximum: 65535 }),
  WEB_CONCURRENCY: Type.Integer({ default: 1, minimum: 1, maximum: 64 }),
  PUBLIC_URL: Type.Optional(Type.String({ format: 'http-origin' })),
  DATABASE_URL: Type.Optional(Type.String({ format: 'postgres-url' })),
  DATABASE_POOL: Type.Integer({ default: 10, minimum: 2, maximum: 200 }),
  DATABASE_WAIT_MS: Type.Integer({ default: 1000, minimum: 200, maximum: 4000 }),
  DATA_DIR: Type.String({ default: './data', minLength: 1 }),
  REDIS_URL: Type.Optional(Type.String({ format: 'redis-url' })),
  JWT_SECRET: Type.Optional(Type.String({ format: 'secret' })),
  JWT_SECRET_ACCEPTED: Type.Optional(Type.String({ format: 'secret' })),
  ACCESS_TOKEN_TTL: Seconds(900, 10, 86_400),
  REFRESH_TOKEN_TTL: Seconds(604_800, 60, 2_592_000),
  FIRST_USER_ADMIN: Type.Optional(Type.Boolean()),
  PASSWORD_MIN_LENGTH: Type.Integer({ default: 8, minimum: 8, maximum: 128 }),
  PASSWORD_BLOCKLIST: Type.Optional(
    Type.Unsafe<'on' | 'off'>({ type: 'string', enum: ['on', 'off'] })
  ),
  EMAIL_VERIFICATION: Type.Unsafe<'off' | 'optional' | 'required'>({
    type: 'string',
    enum: ['off', 'optional', 'required'],
    default: 'optional'
  }),
  // Not MAIL: login shells set that one to a mailbox.
  MAILER: OnOff('on'),
  MAIL_URL: Type.Optional(Type.String({ format: 'smtp-url' })),
  MAIL_FROM: Type.String({ default: 'Tasklane <tasklane@localhost>', format: 'mail-from' }),
  CORS_ORIGINS: Type.Optional(Type.String({ format: 'origin-list' })),
  TRUST_PROXY: Type.Optional(Type.String({ format: 'range-list' })),
  RATE_LIMIT: OnOff('on'),
  RATE_LIMIT_AUTH: PerMinute(10),
  RATE_LIMIT_REFRESH: PerMinute(60),
  RATE_LIMIT_UNKNOWN: PerMinute(60),
  RATE_LIMIT_BAD_TOKENS: PerMinute(300),
  RATE_LIMIT_READS: PerMinute(100),
  RATE_LIMIT_CREATES: PerMinute(100),
  RATE_LIMIT_UPDATES: PerMinute(100),
  RATE_LIMIT_DELETES: PerMinute(60),
  RATE_LIMIT_DELETE_ALL: PerMinute(20),
  RATE_LIMIT_IMPORTS: PerMinute(5),
  RATE_LIMIT_INSTANCES: Type.Integer({ default: 1, minimum: 1, maximum: 1000 }),
  BAN_EXEMPT: Type.Optional(Type.String({ format: 'exempt-list' })),
  SHED_DELAY_MS: Type.Integer({ default: 200, minimum: 0, maximum: 60_000 }),
  IMPORT_MAX_BYTES: Type.Integer({ default: 10_485_760, minimum: 1024, maximum: 4_294_967_296 }),
  IMPORT_MAX_ROWS: Type.Integer({ default: 100_000, minimum: 1, maximum: 10_000_000 }),
  MAX_TASKS_PER_USER: Type.Integer({ default: 0, minimum: 0, maximum: 2_147_483_647 }),
  PURGE_AFTER_DAYS: Type.Integer({ default: 30, minimum: 1, maximum: 3650 }),
  WORKER: OnOff('on'),
  LOG_LEVEL: Type.Unsafe<'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'>({
    type: 'string',
    enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info'
  }),
  LOG_FILE: Type.Optional(Type.String({ minLength: 1 })),
  DRAIN_SECONDS: Type.Integer({ default: 2, minimum: 0, maximum: 8 }),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(Type.String({ format: 'collector-url' })),
  OTEL_SERVICE_NAME: Type.String({ default: 'tasklane', minLength: 1 }),
  METRICS_PORT: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
  METRICS_TOKEN: Type.Optional(Type.String({ format: 'metrics-token' })),
  DOCS: Type.Optional(Type.Unsafe<'on' | 'off'>({ type: 'string', enum: ['on', 'off'] })),
  CONSOLE: OnOff('on')
})
export type Config = Static<typeof Environment>

/** Carries every fault of the environment, each naming its variable and never its value. */
export class BadConfig extends Error {
  faults: string[]
  constructor(faults: string[]) {
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((f) => `  - ${f}`).join('\n')}`
    )
    this.faults = faults
  }
}

export const splitList = (list: string | undefined): string[] =>
  (list ?? '')
    .split(',')
    .map((s) => s.trim())
    .filter(Boolean)
export const isProduction = (config: Pick<Config, 'NODE_ENV'>): boolean =>
  config.NODE_ENV === 'production'

const MIN_SECRET_BYTES = 32
/** What people write when they mean to come back: words that say so, or a few characters over and over. */
const PLACEHOLDER =
  /change[-_ ]?(me|this|it)|replace[-_ ]?(me|this|it)|placeholder|your[-_ ]|example|secret[-_ ]?(key|here)|^(?<part>.{1,8})\k<part>+$/i
const MIN_DISTINCT = 8
const isPlaceholder = (secret: string) =>
  PLACEHOLDER.test(secret) || new Set(secret).size < MIN_DISTINCT
const everyOf = (test: (part: string) => boolean) => (list: string) => splitList(list).every(test)
const isUrl =
  (...protocols: string[]) =>
  (text: string) =>
    protocols.includes(URL.parse(text)?.protocol ?? '')
const isOrigin = (text: string) =>
  isUrl('http:', 'https:')(text) && new URL(text).origin === text.replace(/\/$/, '')

/** What a format asks for, in the words that follow the variable's name, and how it is checked. */
const formats: Record<string, [words: string, check: (text: string) => boolean]> = {
  'http-origin': ['must be an origin such as https://tasks.example.com, without a path', isOrigin],
  'postgres-url': [
    'must look like postgres://user:password@host:5432/database',
    isUrl('postgres:', 'postgresql:')
  ],
  'redis-url': ['must look like redis://host:6379', isUrl('redis:', 'rediss:')],
  'smtp-url': ['must look like smtp://user:password@host:587', isUrl('smtp:', 'smtps:')],
  'mail-from': [
    'must be an address, or a name and an address such as Tasklane <tasklane@example.com>',
    (s) => /^([^<>@\r\n]* )?<[^\s<>@,]+@[^\s<>@,]+>$|^[^\s<>@,]+@[^\s<>@,]+$/.test(s)
  ],
  secret: [
    `must have at least ${MIN_SECRET_BYTES} bytes; make one with: openssl rand -base64 48`,
    (s) => Buffer.byteLength(s) >= MIN_SECRET_BYTES
  ],
  'collector-url': ['must look like http://collector:4318', isUrl('http:', 'https:')],
  'metrics-token': ['must have at least 16 characters without blanks', (s) => /^\S{16,}$/.test(s)],
  'origin-list': [
    'must be exact origins separated by commas, such as https://app.example.com; * is not one',
    everyOf(isOrigin)
  ],
  'range-list': [
    "must be the proxies' ranges as CIDRs separated by commas, such as 10.0.0.0/8; a hop count, true or /0 would let callers choose their own address",
    everyOf(isProxyRange)
  ],
  'exempt-list': [
    'must be CIDRs separated by commas, or none',
    (s) => s === 'none' || everyOf(isProxyRange)(s)
  ]
}

const ajv = new Ajv({
  meta: false,
  validateSchema: false,
  coerceTypes: true,
  useDefaults: true,
  removeAdditional: 'all',
  allErrors: true,
  strict: false
})
for (const [name, [, validate]] of Object.entries(formats)) {
  ajv.addFormat(name, validate)
}
const check = ajv.compile({ ...Environment, additionalProperties: false })

/** The environment as one typed value, defaults filled in. Empty variables count as absent. Throws BadConfig with all faults at once. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const values: Record<string, unknown> = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== '')
  )
  // MAIL=off means the same; any other MAIL is a login shell's path to a mailbox and none of ours.
  if (values.MAIL === 'off') {
    values.MAILER ??= 'off'
  }
  const faults = check(values) ? [] : (check.errors ?? []).map(describe)
  const config = values as Config
  if (config.EMAIL_VERIFICATION === 'required' && config.MAILER === 'off') {
    faults.push(
      'EMAIL_VERIFICATION=required needs a mailer, but MAILER is off: nobody could ever log in'
    )
  }
  if (config.WEB_CONCURRENCY > 1 && config.METRICS_TOKEN !== undefined) {
    faults.push(
      'METRICS_TOKEN needs WEB_CONCURRENCY=1, for whichever process answers knows its own requests only; use METRICS_PORT, which knows them all'
    )
  }
  if (config.WEB_CONCURRENCY > 1 && config.DATABASE_URL === undefined) {
    faults.push(
      'WEB_CONCURRENCY above 1 needs DATABASE_URL: the embedded database belongs to one process'
    )
  }
  if (isProduction(config)) {
    faults.push(...productionFaults(config))
  }
  if (faults.length > 0) {
    throw new BadConfig(faults)
  }
  return config
}

function productionFaults(config: Config): string[] {
  const faults = []
  if (config.JWT_SECRET === undefined) {
    faults.push('JWT_SECRET is required in production; make one with: openssl rand -base64 48')
  }
  for (const secret of ['JWT_SECRET', 'JWT_SECRET_ACCEPTED'] as const) {
    const given = config[secret]
    if (given === undefined) {
      continue
    }
    if (isPlaceholder(given)) {
      faults.push(`${secret} is a placeholder; make one with: openssl rand -base64 48`)
    }
    for (const name of ['DATABASE_URL', 'REDIS_URL', 'MAIL_URL'] as const) {
      if (passwordOf(config[name]) === given) {
        faults.push(
          `${secret} is also the password in ${name}; make one of its own with: openssl rand -base64 48`
        )
      }
    }
  }
  if (config.DATABASE_URL === undefined) {
    faults.push('DATABASE_URL is required in production; the embedded database is for trying out')
  }
  if (config.MAIL_URL === undefined && config.MAILER !== 'off') {
    faults.push(
      'MAIL_URL is required in production, such as smtp://user:password@host:587; say MAILER=off to run without letters: then nobody can reset a password'
    )
  }
  return faults
}

function passwordOf(url: string | undefined): string | undefined {
  const password = URL.parse(url ?? '')?.password ?? ''
  try {
    return decodeURIComponent(password)
  } catch {
    return password
  }
}

function describe(error: ErrorObject): string {
  const name = error.instancePath.slice(1)
  const { params, keyword } = error
  if (keyword === 'enum') {
    return `${name} must be one of ${params.allowedValues.join(', ')}`
  }
  if (keyword === 'format') {
    return `${name} ${formats[params.format]?.[0]}`
  }
  if (keyword === 'minimum') {
    return `${name} must be at least ${params.limit}`
  }
  if (keyword === 'maximum') {
    return `${name} must be at most ${params.limit}`
  }
  if (keyword === 'type') {
    return `${name} must be ${params.type === 'integer' ? 'a whole number' : params.type === 'boolean' ? 'true or false' : `a ${params.type}`}`
  }
  return `${name} ${error.message}`
}

import { type Static, Type } from '@sinclair/typebox'
import { Ajv, type ErrorObject } from 'ajv'
import { CONFIG_FORMATS } from './lib/config-formats.ts'
import {
  defaultFirstUserAdmin,
  findConflicts,
  findDevelopmentFaults,
  findProductionFaults
} from './lib/config-rules.ts'
import { readSecretFiles } from './lib/secret-files.ts'

const Switch = (fallback: boolean) => Type.Boolean({ default: fallback })
const Seconds = (fallback: number, least: number, most: number) =>
  Type.Integer({ default: fallback, minimum: least, maximum: most })
/** Names the file that holds the setting before it. */
const SecretFile = () => Type.Optional(Type.String({ minLength: 1 }))
const PerMinute = (fallback: number) =>
  Type.Integer({ default: fallback, minimum: 1, maximum: 1_000_000 })

/**
 * Every variable Tasklane reads, in the order of `.env.example`. Lists are separated by commas; a switch is `on` or
 * `off`, and `true` and `false` are read as the same.
 */
export const Environment = Type.Object({
  NODE_ENV: Type.Unsafe<'development' | 'production' | 'test'>({
    type: 'string',
    enum: ['development', 'production', 'test'],
    default: 'development'
  }),
  HOST: Type.String({ default: '127.0.0.1', minLength: 1 }),
  ALLOW_PUBLIC_DEVELOPMENT: Switch(false),
  PORT: Type.Integer({ default: 3000, minimum: 0, maximum: 65535 }),
  WEB_CONCURRENCY: Type.Integer({ default: 1, minimum: 1, maximum: 64 }),
  PUBLIC_URL: Type.Optional(Type.String({ format: 'public-url' })),
  DATABASE_URL: Type.Optional(Type.String({ format: 'postgres-url' })),
  DATABASE_URL_FILE: SecretFile(),
  DATABASE_MIGRATION_URL: Type.Optional(Type.String({ format: 'postgres-url' })),
  DATABASE_MIGRATION_URL_FILE: SecretFile(),
  DATABASE_POOL_SIZE: Type.Integer({ default: 10, minimum: 2, maximum: 200 }),
  DATABASE_POOL_TIMEOUT_MS: Type.Integer({ default: 1000, minimum: 200, maximum: 4000 }),
  DATA_DIR: Type.String({ default: './data', minLength: 1 }),
  REDIS_URL: Type.Optional(Type.String({ format: 'redis-url' })),
  REDIS_URL_FILE: SecretFile(),
  JWT_SECRET: Type.Optional(Type.String({ format: 'secret' })),
  JWT_SECRET_FILE: SecretFile(),
  JWT_SECRET_SECONDARY: Type.Optional(Type.String({ format: 'secret' })),
  JWT_SECRET_SECONDARY_FILE: SecretFile(),
  ACCESS_TOKEN_TTL: Seconds(900, 10, 86_400),
  REFRESH_TOKEN_TTL: Seconds(604_800, 60, 2_592_000),
  REGISTRATION: Type.Optional(
    Type.Unsafe<'open' | 'invite' | 'closed'>({
      type: 'string',
      enum: ['open', 'invite', 'closed']
    })
  ),
  DIRECTORY: Type.Unsafe<'shared' | 'all'>({
    type: 'string',
    enum: ['shared', 'all'],
    default: 'shared'
  }),
  FIRST_USER_ADMIN: Type.Optional(Type.Boolean()),
  PASSWORD_MIN_LENGTH: Type.Integer({ default: 8, minimum: 8, maximum: 128 }),
  PASSWORD_BLOCKLIST: Type.Optional(Type.Boolean()),
  EMAIL_VERIFICATION: Type.Unsafe<'off' | 'optional' | 'required'>({
    type: 'string',
    enum: ['off', 'optional', 'required'],
    default: 'optional'
  }),
  EMAIL_ENABLED: Switch(true),
  SMTP_URL: Type.Optional(Type.String({ format: 'smtp-url' })),
  SMTP_URL_FILE: SecretFile(),
  EMAIL_FROM: Type.String({ default: 'Tasklane <tasklane@localhost>', format: 'email-from' }),
  CORS_ORIGINS: Type.Optional(Type.String({ format: 'origin-list' })),
  TRUST_PROXY: Type.Optional(Type.String({ format: 'cidr-list' })),
  RATE_LIMIT: Switch(true),
  RATE_LIMIT_AUTH: PerMinute(10),
  RATE_LIMIT_REFRESH: PerMinute(60),
  RATE_LIMIT_EMAILS: Type.Integer({ default: 30, minimum: 1, maximum: 1_000_000 }),
  RATE_LIMIT_EMAILS_TOTAL: PerMinute(100),
  RATE_LIMIT_NOT_FOUND: PerMinute(60),
  RATE_LIMIT_INVALID_TOKENS: PerMinute(300),
  RATE_LIMIT_READS: PerMinute(100),
  RATE_LIMIT_CREATES: PerMinute(100),
  RATE_LIMIT_UPDATES: PerMinute(100),
  RATE_LIMIT_DELETES: PerMinute(60),
  RATE_LIMIT_DELETE_ALL: PerMinute(20),
  RATE_LIMIT_IMPORTS: PerMinute(5),
  RATE_LIMIT_DATABASE_MS: PerMinute(10_000),
  RATE_LIMIT_INSTANCES: Type.Integer({ default: 1, minimum: 1, maximum: 1000 }),
  IP_BAN_ALLOWLIST: Type.Optional(Type.String({ format: 'allowlist' })),
  MAX_CONNECTIONS: Type.Integer({ default: 10_000, minimum: 10, maximum: 1_000_000 }),
  MAX_EVENT_LOOP_DELAY_MS: Type.Integer({ default: 200, minimum: 0, maximum: 60_000 }),
  IMPORT_MAX_BYTES: Type.Integer({ default: 10_485_760, minimum: 1024, maximum: 4_294_967_296 }),
  IMPORT_MAX_ROWS: Type.Integer({ default: 100_000, minimum: 1, maximum: 10_000_000 }),
  MAX_TASKS_PER_USER: Type.Integer({ default: 0, minimum: 0, maximum: 2_147_483_647 }),
  MAX_STORAGE_MB_PER_USER: Type.Integer({ default: 0, minimum: 0, maximum: 1_048_576 }),
  MAX_PROJECTS_PER_USER: Type.Integer({ default: 1000, minimum: 1, maximum: 1000 }),
  TRASH_RETENTION_DAYS: Type.Integer({ default: 30, minimum: 1, maximum: 3650 }),
  CHANGES_RETENTION_DAYS: Type.Integer({ default: 30, minimum: 1, maximum: 3650 }),
  WORKER_ENABLED: Switch(true),
  WEBHOOK_ALLOW: Type.Optional(Type.String({ format: 'inside-ranges' })),
  AUDIT_RETENTION_DAYS: Type.Integer({ default: 365, minimum: 0, maximum: 36_500 }),
  LOG_LEVEL: Type.Unsafe<'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'>({
    type: 'string',
    enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info'
  }),
  LOG_FORMAT: Type.Unsafe<'auto' | 'text' | 'json'>({
    type: 'string',
    enum: ['auto', 'text', 'json'],
    default: 'auto'
  }),
  LOG_FILE: Type.Optional(Type.String({ minLength: 1 })),
  DRAIN_SECONDS: Type.Integer({ default: 2, minimum: 0, maximum: 8 }),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(Type.String({ format: 'collector-url' })),
  OTEL_SERVICE_NAME: Type.String({ default: 'tasklane', minLength: 1 }),
  METRICS_HOST: Type.String({ default: '127.0.0.1', minLength: 1 }),
  METRICS_PORT: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
  METRICS_TOKEN: Type.Optional(Type.String({ format: 'metrics-token' })),
  METRICS_TOKEN_FILE: SecretFile(),
  DOCS_ENABLED: Type.Optional(Type.Boolean()),
  CONSOLE_ENABLED: Switch(true)
})
type Settings = Static<typeof Environment>

/** The settings with every default resolved, those that depend on the mode included. */
export type Config = Omit<Settings, 'FIRST_USER_ADMIN'> &
  Required<Pick<Settings, 'REGISTRATION' | 'PASSWORD_BLOCKLIST' | 'DOCS_ENABLED'>> & {
    /** `local`: only if it is created from this machine. */
    FIRST_USER_ADMIN: boolean | 'local'
    /** True with NODE_ENV=production. */
    isProduction: boolean
  }

/** Carries every fault of the environment, each naming its variable and never its value. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  faults: string[]
  constructor(faults: string[]) {
    const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`
    super(`The configuration has ${count}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.faults = faults
  }
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
for (const [name, { check }] of Object.entries(CONFIG_FORMATS)) {
  ajv.addFormat(name, check)
}
const validate = ajv.compile({ ...Environment, additionalProperties: false })

/**
 * Reads the environment as one typed value with defaults filled in. Empty variables count as absent.
 * Throws ConfigError with all faults at once, those that reading `.env` has found included.
 */
export function readConfig(
  env: Record<string, string | undefined>,
  faultsOfFile: readonly string[] = []
): Config {
  const { values: withSecrets, faults } = readSecretFiles(env, SECRETS)
  faults.unshift(...faultsOfFile)
  const values = readValues(withSecrets)
  if (!validate(values)) {
    faults.push(...(validate.errors ?? []).map(describeFault))
  }
  const settings = values as Settings
  const isProduction = settings.NODE_ENV === 'production'
  faults.push(
    ...findConflicts(settings),
    ...(isProduction ? findProductionFaults(settings) : findDevelopmentFaults(settings))
  )
  if (faults.length > 0) {
    throw new ConfigError(faults)
  }
  return {
    ...settings,
    // Paths are appended to it.
    ...(settings.PUBLIC_URL && { PUBLIC_URL: settings.PUBLIC_URL.replace(/\/$/, '') }),
    isProduction,
    REGISTRATION: settings.REGISTRATION ?? (isProduction ? 'invite' : 'open'),
    FIRST_USER_ADMIN: settings.FIRST_USER_ADMIN ?? defaultFirstUserAdmin(settings),
    PASSWORD_BLOCKLIST: settings.PASSWORD_BLOCKLIST ?? isProduction,
    DOCS_ENABLED: settings.DOCS_ENABLED ?? !isProduction
  }
}

/** Every variable that is read. */
export const SETTING_NAMES = Object.keys(Environment.properties)

/** The settings that a file may hold instead. */
const SECRETS = SETTING_NAMES.filter((name) => `${name}_FILE` in Environment.properties)
const SWITCHES: Record<string, boolean> = { on: true, true: true, off: false, false: false }

const isSecret = (schema: { format?: unknown } | undefined): boolean => schema?.format === 'secret'
const isSwitch = (schema: { type?: unknown } | undefined): boolean => schema?.type === 'boolean'

function readValues(env: Record<string, string | undefined>): Record<string, unknown> {
  const given = Object.entries(env).filter(([, value]) => (value ?? '').trim() !== '')
  const schemas: Record<string, object> = Environment.properties
  return Object.fromEntries(
    given.map(([name, raw = '']) => {
      // A newline or the CR of a file from Windows comes along easily; of a secret every byte counts.
      const value = isSecret(schemas[name]) ? raw : raw.trim()
      return [name, isSwitch(schemas[name]) ? (SWITCHES[value.toLowerCase()] ?? value) : value]
    })
  )
}

const TYPE_RULES: Record<string, string> = {
  integer: 'must be a whole number',
  boolean: 'must be on or off'
}

function describeFault({ instancePath, params, keyword, message }: ErrorObject): string {
  const name = instancePath.slice(1)
  const rules: Record<string, string | undefined> = {
    enum: `must be one of ${params.allowedValues?.join(', ')}`,
    format: CONFIG_FORMATS[params.format]?.rule,
    minimum: `must be at least ${params.limit}`,
    maximum: `must be at most ${params.limit}`,
    type: TYPE_RULES[params.type] ?? `must be a ${params.type}`
  }
  return `${name} ${rules[keyword] ?? message}`
}

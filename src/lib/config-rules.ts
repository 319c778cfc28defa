import { isPlaceholder, isPostgresUrl, passwordInUrl, SECRET_HINT } from './config-formats.ts'
import { isLoopback } from './ip.ts'
import { postgresUrlFault } from './postgres-url.ts'

/** The settings that rules over more than one of them look at. */
interface RuledSettings {
  NODE_ENV: string
  HOST: string
  ALLOW_PUBLIC_DEVELOPMENT: boolean
  WEB_CONCURRENCY: number
  PUBLIC_URL?: string
  DATABASE_URL?: string
  DATABASE_MIGRATION_URL?: string
  REDIS_URL?: string
  JWT_SECRET?: string
  JWT_SECRET_SECONDARY?: string
  EMAIL_VERIFICATION: string
  EMAIL_ENABLED: boolean
  SMTP_URL?: string
  METRICS_HOST: string
  METRICS_PORT?: number
  METRICS_TOKEN?: string
  AUDIT_RETENTION_DAYS: number
}

/** Whoever serves can delete no event that is younger: the database refuses it. */
const MIN_AUDIT_DAYS = 7

/** Returns the faults of settings that are right each alone and cannot be together. */
export function findConflicts(settings: RuledSettings): string[] {
  const faults = findUrlFaults(settings)
  if (settings.EMAIL_VERIFICATION === 'required' && settings.EMAIL_ENABLED === false) {
    faults.push(
      'EMAIL_VERIFICATION=required needs email, but EMAIL_ENABLED is off: nobody could log in'
    )
  }
  if (
    settings.WEB_CONCURRENCY > 1 &&
    settings.METRICS_TOKEN !== undefined &&
    settings.METRICS_PORT === undefined
  ) {
    faults.push(
      'METRICS_TOKEN needs METRICS_PORT where WEB_CONCURRENCY is above 1, because the process that answers on PORT ' +
        'knows its own requests only'
    )
  }
  if (settings.WEB_CONCURRENCY > 1 && settings.DATABASE_URL === undefined) {
    faults.push(
      'WEB_CONCURRENCY above 1 needs DATABASE_URL: the embedded database belongs to one process'
    )
  }
  if (settings.DATABASE_MIGRATION_URL !== undefined && settings.DATABASE_URL === undefined) {
    faults.push('DATABASE_MIGRATION_URL needs DATABASE_URL, to the same database')
  }
  if (settings.AUDIT_RETENTION_DAYS > 0 && settings.AUDIT_RETENTION_DAYS < MIN_AUDIT_DAYS) {
    faults.push(
      `AUDIT_RETENTION_DAYS must be at least ${MIN_AUDIT_DAYS}, or 0 for never: the last week always stays`
    )
  }
  return faults
}

/** Returns what development accepts and production does not. */
export function findProductionFaults(settings: RuledSettings): string[] {
  const faults = []
  if (settings.JWT_SECRET === undefined) {
    faults.push(`JWT_SECRET is required in production; ${SECRET_HINT}`)
  }
  faults.push(...findWeakSecrets(settings))
  if (settings.DATABASE_URL === undefined) {
    faults.push('DATABASE_URL is required in production; the embedded database is for trying out')
  }
  if (settings.SMTP_URL === undefined && settings.EMAIL_ENABLED !== false) {
    faults.push(
      'SMTP_URL is required in production, such as smtp://user:password@host:587; ' +
        'set EMAIL_ENABLED=off to run without email: then nobody can reset a password'
    )
  }
  if (
    settings.METRICS_PORT !== undefined &&
    settings.METRICS_TOKEN === undefined &&
    !isLoopback(settings.METRICS_HOST)
  ) {
    faults.push(
      'METRICS_HOST must be a loopback address unless METRICS_TOKEN is set, because anybody could read the metrics'
    )
  }
  const origin = URL.parse(settings.PUBLIC_URL ?? '')
  if (origin?.protocol === 'http:' && !isLoopback(origin.hostname)) {
    faults.push(
      'PUBLIC_URL must begin with https: in production; without TLS, anybody on the way reads passwords and tokens'
    )
  }
  return faults
}

/** Returns what production accepts and development, whose defaults are not meant for strangers, does not. */
export function findDevelopmentFaults(settings: RuledSettings): string[] {
  return isLoopback(settings.HOST) || settings.ALLOW_PUBLIC_DEVELOPMENT !== false
    ? []
    : [
        'HOST must be a loopback address unless NODE_ENV=production, because the defaults of development are not ' +
          'meant for strangers; ALLOW_PUBLIC_DEVELOPMENT=on permits it in a network that you trust'
      ]
}

/**
 * Returns whether the first account becomes admin where nobody says so. In development, strangers who can reach the
 * server must not become its admin by being first.
 */
export function defaultFirstUserAdmin({ NODE_ENV, HOST }: RuledSettings): boolean | 'local' {
  if (NODE_ENV === 'production') {
    return false
  }
  return isLoopback(HOST) || 'local'
}

function findUrlFaults(settings: RuledSettings): string[] {
  return (['DATABASE_URL', 'DATABASE_MIGRATION_URL'] as const).flatMap((name) => {
    const url = settings[name]
    const fault = isPostgresUrl(url) ? postgresUrlFault(url) : undefined
    return fault === undefined ? [] : [`${name} ${fault}`]
  })
}

const SECRETS = ['JWT_SECRET', 'JWT_SECRET_SECONDARY', 'METRICS_TOKEN'] as const
const URLS = ['DATABASE_URL', 'DATABASE_MIGRATION_URL', 'REDIS_URL', 'SMTP_URL'] as const

function findWeakSecrets(settings: RuledSettings): string[] {
  return SECRETS.flatMap((name, i) => {
    const secret = settings[name]
    if (secret === undefined) {
      return []
    }
    const uses = [
      ...SECRETS.slice(0, i).filter((other) => settings[other] === secret),
      ...URLS.filter((url) => passwordInUrl(settings[url]) === secret).map(
        (url) => `the password in ${url}`
      )
    ]
    return [
      ...(isPlaceholder(secret) ? [`${name} is a placeholder; ${SECRET_HINT}`] : []),
      ...uses.map((use) => `${name} is also ${use}; generate another with: openssl rand -base64 48`)
    ]
  })
}

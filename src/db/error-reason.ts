import { classifyDbError } from './errors.ts'

interface DriverError extends Error {
  code?: unknown
  syscall?: unknown
  hostname?: unknown
  address?: unknown
  port?: unknown
  hint?: unknown
  errors?: unknown[]
}

/** What the driver or the system says with a code, in the operator's words. */
const REASONS: Record<string, (error: DriverError) => string> = {
  ENOTFOUND: ({ hostname }) => `the host ${hostname} was not found`,
  EAI_AGAIN: ({ hostname }) => `the host ${hostname} was not found, since no name server responds`,
  ECONNREFUSED: (error) => `${placeOf(error)} refuses connections`,
  ENOENT: (error) => `there is no Unix socket ${error.address}`,
  EACCES: (error) => `${placeOf(error)} is not open to this user`,
  ETIMEDOUT: (error) => `${placeOf(error)} does not respond`,
  EHOSTUNREACH: (error) => `there is no route to ${placeOf(error)}`,
  ENETUNREACH: (error) => `there is no route to ${placeOf(error)}`,
  CONNECT_TIMEOUT: (error) => `${placeOf(error)} does not respond`,
  CONNECT_CLOSED: (error) => `${placeOf(error)} closed the connection`,
  CONNECTION_CLOSED: () => 'the server closed the connection',
  CONNECTION_DESTROYED: () => 'the server closed the connection',
  CONNECTION_ENDED: () => 'the connection was closed',
  CONNECTION_SILENT: () => 'the server does not respond',
  ECONNRESET: () => 'the server closed the connection',
  EPIPE: () => 'the server closed the connection',
  TLS_NOT_OFFERED: () => 'the server offers no TLS, which sslmode requires'
}

const CHECK_ADDRESS = 'Check that PostgreSQL runs there, and host and port in DATABASE_URL.'
const CHECK_AUTHORITY =
  'Name the certificate authority of the server in DATABASE_URL: sslrootcert=/path/to/ca.crt.'
const CHECK_SERVER = 'Look into the log of PostgreSQL, or of the pooler in front of it.'

/** What to do about it, by the code of the system or the SQLSTATE of PostgreSQL. */
const REMEDIES: Record<string, string> = {
  ENOTFOUND: 'Check the host in DATABASE_URL.',
  EAI_AGAIN: 'Check the host in DATABASE_URL, and the network.',
  ECONNREFUSED: CHECK_ADDRESS,
  ETIMEDOUT: CHECK_ADDRESS,
  CONNECT_TIMEOUT: CHECK_ADDRESS,
  EHOSTUNREACH: CHECK_ADDRESS,
  ENETUNREACH: CHECK_ADDRESS,
  ENOENT: 'Check that PostgreSQL runs, and host and port in DATABASE_URL.',
  EACCES: 'Run Tasklane as a user who may open it, or name another host in DATABASE_URL.',
  CONNECT_CLOSED: CHECK_SERVER,
  CONNECTION_CLOSED: CHECK_SERVER,
  CONNECTION_SILENT: CHECK_SERVER,
  ECONNRESET: CHECK_SERVER,
  SELF_SIGNED_CERT_IN_CHAIN: CHECK_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: CHECK_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CHECK_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CHECK_AUTHORITY,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'Write the host in DATABASE_URL as the certificate has it, or check its authority only: sslmode=verify-ca.',
  CERT_HAS_EXPIRED: 'Renew the certificate of the server.',
  TLS_NOT_OFFERED: 'Turn TLS on in PostgreSQL (ssl = on), or take sslmode out of DATABASE_URL.',
  '28P01': 'Check user and password in DATABASE_URL; in it, % is written as %25 and / as %2F.',
  '28000': 'Check the user in DATABASE_URL, and that pg_hba.conf lets it in.',
  '3D000': 'Check its name in DATABASE_URL, or create it: docs/deployment.md says how.',
  '42501':
    'Run migrations as the owner of the database: set DATABASE_MIGRATION_URL (docs/deployment.md).',
  '42704': 'Take the parameter out of DATABASE_URL.',
  '53300': 'Raise max_connections of PostgreSQL, or lower DATABASE_POOL_SIZE.',
  '53100': 'Free space on its disk.',
  '57P03': 'Wait until PostgreSQL has started.'
}

/** System calls on the way to a server; a file that is missing is another matter. */
const NETWORK_CALLS = new Set(['connect', 'getaddrinfo', 'read', 'write'])

/** Returns what an operator can do about a database that could not be used, undefined where nothing is known. */
export function databaseErrorRemedy(error: unknown): string | undefined {
  const { code } = rootOf(error) as DriverError
  return typeof code === 'string' ? REMEDIES[code] : undefined
}

/**
 * Returns why the database could not be used: PostgreSQL's own words, or what happened on the way to it. Undefined for
 * an error that did not come from the database. Never contains a statement, a parameter or a password.
 */
export function databaseErrorReason(error: unknown): string | undefined {
  const cause = rootOf(error) as DriverError
  if (cause.name === 'PostgresError') {
    return typeof cause.hint === 'string' ? `${cause.message}. ${cause.hint}` : cause.message
  }
  if (typeof cause.syscall === 'string' && !NETWORK_CALLS.has(cause.syscall)) {
    return undefined
  }
  const reason = typeof cause.code === 'string' ? REASONS[cause.code] : undefined
  const isFromDatabase =
    classifyDbError(error) !== undefined ||
    cause.code === 'TLS_NOT_OFFERED' ||
    (error as Error)?.name === 'DrizzleQueryError' ||
    (error as Error)?.message?.startsWith('Failed query:')
  return isFromDatabase ? (reason?.(cause) ?? cause.message) : undefined
}

/** Returns the error at the end of the causes; of several attempts (addresses of one name) the first. */
function rootOf(error: unknown): Error {
  let at = error as DriverError
  for (let depth = 0; depth < 8; depth++) {
    const next = at?.cause ?? at?.errors?.[0]
    if (!(next instanceof Error)) {
      break
    }
    at = next
  }
  return at instanceof Error ? at : new Error(String(at))
}

const placeOf = ({ address, port }: DriverError): string =>
  port === undefined ? String(address) : `${address}:${port}`

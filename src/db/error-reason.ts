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

/** System calls on the way to a server; a file that is missing is another matter. */
const NETWORK_CALLS = new Set(['connect', 'getaddrinfo', 'read', 'write'])

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

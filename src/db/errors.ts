/** The work was abandoned, and it is certain that it changed nothing and will change nothing. */
export class NotExecutedError extends Error {
  code = 'NOT_EXECUTED'
}

/** The work was abandoned after it was sent: it may have taken effect, or still do so. */
export class OutcomeUnknownError extends Error {
  code = 'OUTCOME_UNKNOWN'
}

/** What a database error means to a caller. The only place that knows SQLSTATEs and socket errors. */
export type DbErrorKind =
  /** Nothing was done: the server is down, overloaded or too slow. Try again. */
  | 'unavailable'
  /** The connection broke while a statement ran: a write may or may not have happened. */
  | 'unknown_outcome'
  /** The transaction was rolled back by the server and may be repeated as a whole. */
  | 'retryable'
  /** A unique index rejected the row. */
  | 'unique_violation'
  /** A foreign key rejected the row. */
  | 'foreign_key_violation'
  /** A value that the schema should have rejected. */
  | 'invalid_value'

const BY_CODE: Record<string, DbErrorKind> = {
  ECONNREFUSED: 'unavailable',
  ENOTFOUND: 'unavailable',
  EAI_AGAIN: 'unavailable',
  ENOENT: 'unavailable',
  CONNECT_TIMEOUT: 'unavailable',
  CONNECT_CLOSED: 'unavailable',
  NOT_EXECUTED: 'unavailable',
  '57P03': 'unavailable',
  '57P05': 'unavailable',
  '53300': 'unavailable',
  '53100': 'unavailable',
  '53200': 'unavailable',
  '57014': 'unavailable',
  '55P03': 'unavailable',
  '25006': 'unavailable',
  '25P03': 'unavailable',
  '57P01': 'unknown_outcome',
  '57P02': 'unknown_outcome',
  '08006': 'unknown_outcome',
  '08003': 'unknown_outcome',
  ECONNRESET: 'unknown_outcome',
  EPIPE: 'unknown_outcome',
  ETIMEDOUT: 'unknown_outcome',
  EHOSTUNREACH: 'unknown_outcome',
  ENETUNREACH: 'unknown_outcome',
  OUTCOME_UNKNOWN: 'unknown_outcome',
  CONNECTION_SILENT: 'unknown_outcome',
  CONNECTION_CLOSED: 'unknown_outcome',
  CONNECTION_ENDED: 'unknown_outcome',
  CONNECTION_DESTROYED: 'unknown_outcome',
  '40001': 'retryable',
  '40P01': 'retryable',
  '23505': 'unique_violation',
  '23503': 'foreign_key_violation',
  '54001': 'invalid_value'
}

/** What the messages under one code mean that stands for several things. */
const BY_MESSAGE: Record<string, [kind: DbErrorKind, messages: string[]][]> = {
  // A pooler (PgBouncer), before it found a connection for us, and after.
  '08P01': [
    [
      'unavailable',
      [
        'query_wait_timeout',
        'query_timeout',
        'server_login_retry',
        'cannot connect',
        'connections exceeded',
        'max_client_conn',
        'client_login_timeout',
        'server shutting down',
        'too many clients',
        'connection slots'
      ]
    ],
    [
      'unknown_outcome',
      [
        'server conn crashed',
        'query timeout',
        'idle transaction timeout',
        'server_lifetime',
        'server idle',
        'database configuration changed'
      ]
    ]
  ],
  // A coordinator (Citus) that did not reach a node of the database.
  '08006': [['unavailable', ['Connection refused', 'could not connect']]],
  // The same when it lost one on which it had begun to write.
  XX000: [['unknown_outcome', ['failure on connection marked as essential']]]
}

/**
 * Returns the meaning of an error if it came from the database, else undefined. Drizzle wraps the driver's error as its
 * cause.
 */
export function classifyDbError(error: unknown): DbErrorKind | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const kind = kindOf(at)
    if (kind) {
      return kind
    }
  }
  return undefined
}

function kindOf(error: Error): DbErrorKind | undefined {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown }
  // The embedded database has no code for this, and checks it before it executes anything.
  if (/^PGlite is clos(ed|ing)$/.test(error.message)) {
    return 'unavailable'
  }
  if (typeof code !== 'string') {
    return undefined
  }
  // Before there is a connection, a network error leaves no outcome open.
  if (syscall === 'connect') {
    return 'unavailable'
  }
  const [kind] =
    BY_MESSAGE[code]?.find(([, messages]) => messages.some((m) => error.message.includes(m))) ?? []
  if (kind) {
    return kind
  }
  if (code === '0A000' && error.message.includes('cached plan')) {
    return 'retryable'
  }
  return BY_CODE[code] ?? (/^22[0-9A-Z]{3}$/.test(code) ? 'invalid_value' : undefined)
}

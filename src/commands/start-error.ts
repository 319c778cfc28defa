import { databaseErrorReason, databaseErrorRemedy } from '../db/error-reason.ts'

const MAX_LINE = 400
/** Errors whose message was written for the operator, on as many lines as there are faults. */
const EXPLAINED = [
  'CommandError',
  'ConfigError',
  'DirectoryInUseError',
  'SharedDirectoryError',
  'DataDirectoryError',
  'LogFileError',
  'SchemaAheadError',
  'MigrationLockTimeout',
  'UnsuitableDatabaseError'
]

/** Says in lines of at most 400 characters why a command failed: no stack, no statement, no words of a driver. */
export function describeStartError(error: unknown): string {
  const lines = EXPLAINED.includes((error as Error)?.name)
    ? (error as Error).message.split('\n')
    : [unexplained(error)]
  return lines
    .map((line) => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE - 1)}…` : line))
    .join('\n')
}

function unexplained(error: unknown): string {
  const reason = databaseErrorReason(error)
  if (reason !== undefined) {
    const { setting = 'DATABASE_URL' } = error as { setting?: string }
    const remedy = databaseErrorRemedy(error)?.replace('DATABASE_URL', setting)
    return `The database cannot be used: ${inOneLine(reason)}${remedy ? `. ${remedy}` : ''}`
  }
  const { message = String(error), syscall } = (error ?? {}) as {
    message?: string
    syscall?: unknown
  }
  // The messages of system errors (a port in use, a directory that is not writable) say enough.
  return syscall === undefined
    ? `Unexpected error: ${inOneLine(message)}. LOG_LEVEL=debug prints where it happened.`
    : inOneLine(message)
}

const inOneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

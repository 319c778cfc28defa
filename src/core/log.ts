import { chmodSync, closeSync, openSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { type DestinationStream, type LogFn, type Logger, multistream, pino } from 'pino'
import { createStream, type RotatingFileStream } from 'rotating-file-stream'
import type { Config } from '../config.ts'
import { fileErrorReason } from '../lib/file-error.ts'
import { makeDirectory } from '../lib/make-directory.ts'
import { toText } from './log-text.ts'

/** A file is rotated at this size, and this many old ones are kept, so that a log never fills a disk. */
const MAX_FILE_SIZE = '50M'
const MAX_OLD_FILES = 10
/** A log names people and their IP addresses. */
const OWNER_ONLY = 0o600

/** A write costs a request as much as its line: lines wait until there are so many bytes, or for so long. */
const MIN_WRITE = 8192
const FLUSH_MS = 100

type LogSettings = Pick<Config, 'LOG_LEVEL' | 'LOG_FORMAT' | 'LOG_FILE'>

/**
 * Creates a logger that writes to standard output, in `LOG_FORMAT`, and, if it is set, JSON lines to `LOG_FILE` with
 * rotation.
 */
export function createLogger(config: LogSettings): Logger {
  const options = {
    level: config.LOG_LEVEL,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    ...withoutSecrets
  }
  const output = standardOutput(config)
  if (config.LOG_FILE === undefined) {
    return pino(options, output)
  }
  const file = openLogFile(config.LOG_FILE)
  return pino(
    options,
    multistream([output, file].map((stream) => ({ stream, level: config.LOG_LEVEL })))
  )
}

function standardOutput({ LOG_FORMAT, LOG_FILE }: LogSettings): DestinationStream {
  const { isTTY } = process.stdout
  if (LOG_FORMAT === 'text' || (LOG_FORMAT === 'auto' && isTTY)) {
    const hasColors = isTTY && process.stdout.hasColors()
    return {
      write: (line) => {
        process.stdout.write(toText(line, hasColors))
      }
    }
  }
  // Lines are written together, those of a tenth of a second at most. Whatever ends the process must flush.
  return LOG_FILE === undefined
    ? pino.destination({ dest: 1, sync: false, minLength: MIN_WRITE, periodicFlush: FLUSH_MS })
    : process.stdout
}

/** The log file cannot be opened. */
class LogFileError extends Error {
  override name = 'LogFileError'
}

/** Opens the log file. An error now stops the start; a later one (a full disk) must not stop the service. */
function openLogFile(path: string): RotatingFileStream {
  try {
    makeDirectory(dirname(path))
    closeSync(openSync(path, 'a', OWNER_ONLY))
  } catch (error) {
    throw new LogFileError(`LOG_FILE ${path} cannot be written: ${fileErrorReason(error)}.`)
  }
  // A device or a pipe is open to whom it is meant for.
  if (statSync(path).isFile()) {
    chmodSync(path, OWNER_ONLY)
  }
  const file = createStream(basename(path), {
    path: dirname(path),
    size: MAX_FILE_SIZE,
    maxFiles: MAX_OLD_FILES,
    mode: OWNER_ONLY
  })
  file.once('error', (error) => {
    process.stderr.write(
      `Cannot write to LOG_FILE any more (${error.message}). The log continues on standard output.\n`
    )
  })
  file.on('error', () => {})
  return file
}

/** What every logger needs: errors without input, also where pino makes the message of one that of the line. */
export const withoutSecrets = {
  serializers: { err: describeError },
  hooks: {
    logMethod(this: Logger, args: Parameters<LogFn>, method: LogFn) {
      const [first, message] = args as unknown[]
      const err = first instanceof Error ? first : (first as { err?: unknown } | null)?.err
      if (message === undefined && err instanceof Error) {
        method.call(this, first, withoutInput(err.message))
      } else {
        method.apply(this, args)
      }
    }
  }
}

/** Describes an error for the log, without what libraries put into its message of a request: it may be a secret. */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) {
    return { message: String(error) }
  }
  const { code } = error as { code?: unknown }
  const message = withoutInput(error.message)
  return {
    type: error.name,
    message,
    ...(code !== undefined && { code }),
    // It begins with the message.
    stack: error.stack?.replace(error.message, () => message),
    ...(error.cause !== undefined && { cause: describeError(error.cause) })
  }
}

/**
 * Drizzle ends its message with the parameters of a statement, in any number of lines; Fastify names the URL of a
 * request that was answered before it ended.
 */
const withoutInput = (message: string): string =>
  message
    .replace(/\nparams:[\s\S]*/, '')
    .replace(/(did you forget to "return reply" in) "[^\n]*" \(/g, '$1 (')

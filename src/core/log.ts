import { closeSync, mkdirSync, openSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { type DestinationStream, type Logger, multistream, pino } from 'pino'
import { createStream, type RotatingFileStream } from 'rotating-file-stream'
import type { Config } from '../config.ts'

/** One file is kept to this size and this many old ones beside it: a log never fills a disk. */
const ROTATE_AT = '50M'
const KEPT_FILES = 10

/** JSON lines to standard output, and to `LOG_FILE` with rotation when it is set. */
export function createLogger(config: Pick<Config, 'LOG_LEVEL' | 'LOG_FILE'>): Logger {
  const options = {
    level: config.LOG_LEVEL,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError }
  }
  // Lines that come while one is being written go with the next: a write for each would cost more than the rest of a small request's log. Whoever ends the process flushes.
  if (config.LOG_FILE === undefined) {
    return pino(options, pino.destination({ dest: 1, sync: false }))
  }
  const file = openLogFile(config.LOG_FILE)
  return pino(
    options,
    multistream(
      [{ stream: process.stdout as DestinationStream }, { stream: file }].map((s) => ({
        ...s,
        level: config.LOG_LEVEL as 'info'
      }))
    )
  )
}

/** A file that cannot be written stops the start; one that fails later (a full disk) must not stop the service. */
function openLogFile(path: string): RotatingFileStream {
  mkdirSync(dirname(path), { recursive: true })
  closeSync(openSync(path, 'a'))
  const file = createStream(basename(path), {
    path: dirname(path),
    size: ROTATE_AT,
    maxFiles: KEPT_FILES
  })
  file.once('error', (error) => {
    process.stderr.write(
      `LOG_FILE can no longer be written (${error.message}); the log goes on to standard output.\n`
    )
  })
  file.on('error', () => {})
  return file
}

/** What the log may know of an error: Drizzle puts a statement's parameters into its message, and they may be secrets. */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) {
    return { message: String(error) }
  }
  const { code } = error as { code?: unknown }
  return {
    type: error.name,
    message: withoutParameters(error.message),
    ...(code !== undefined && { code }),
    stack: withoutParameters(error.stack ?? ''),
    ...(error.cause !== undefined && { cause: describeError(error.cause) })
  }
}

const withoutParameters = (text: string): string => text.replace(/\nparams:[^\n]*/g, '')

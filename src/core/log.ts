import { basename, dirname } from 'node:path'
import { type DestinationStream, multistream, type Logger, pino } from 'pino'
import { createStream } from 'rotating-file-stream'
import type { Config } from '../config.ts'

/** One file is kept to this size and this many old ones beside it: a log never fills a disk. */
const ROTATE_AT = '50M'
const KEPT_FILES = 10

/** JSON lines to standard output, and to `LOG_FILE` with rotation when it is set. */
export function createLogger (config: Pick<Config, 'LOG_LEVEL' | 'LOG_FILE'>): Logger {
  const options = { level: config.LOG_LEVEL, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: describeError } }
  if (config.LOG_FILE === undefined) return pino(options)
  const file = createStream(basename(config.LOG_FILE), { path: dirname(config.LOG_FILE), size: ROTATE_AT, maxFiles: KEPT_FILES })
  return pino(options, multistream([{ stream: process.stdout as DestinationStream }, { stream: file }].map((s) => ({ ...s, level: config.LOG_LEVEL as 'info' }))))
}

/** What the log may know of an error: Drizzle puts a statement's parameters into its message, and they may be secrets. */
export function describeError (error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) }
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

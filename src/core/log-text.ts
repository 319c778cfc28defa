import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]
type Paint = (style: Style, text: string) => string

const LEVELS: Record<number, [name: string, style: Style]> = {
  10: ['TRACE', 'gray'],
  20: ['DEBUG', 'gray'],
  30: ['INFO', 'green'],
  40: ['WARN', 'yellow'],
  50: ['ERROR', 'red'],
  60: ['FATAL', 'red']
}
const NAME_WIDTH = 5
/** Shown at the beginning, or of no use to somebody who reads along. */
const PLACED = ['level', 'time', 'msg', 'pid', 'err']
/** The fields of a request that its line begins with. */
const OF_REQUEST = ['method', 'route', 'status', 'code', 'ms']
const TIME_OF_DAY = /T(\d\d:\d\d:\d\d\.\d{3})Z$/

interface Entry {
  [field: string]: unknown
  level?: number
  time?: string
  msg?: string
  err?: { message?: string; stack?: string; code?: unknown; cause?: unknown }
}

/** Replaces what a terminal would obey: parts of a line may come from strangers. */
const printable = (text: string): string =>
  text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\uFFFD')

/** Turns a JSON line of the log into text: time of day, level, message, fields, and below it the stack of an error. */
export function toText(line: string, hasColors: boolean): string {
  let entry: Entry
  try {
    entry = JSON.parse(line)
  } catch {
    return line
  }
  const paint: Paint = (style, text) =>
    hasColors ? styleText(style, text, { validateStream: false }) : text
  const [name, style] = LEVELS[entry.level ?? 0] ?? [String(entry.level), 'white']
  const time = TIME_OF_DAY.exec(entry.time ?? '')?.[1] ?? ''
  const isRequest = entry.msg === 'request completed'
  const placed = new Set(isRequest ? [...PLACED, ...OF_REQUEST] : PLACED)
  const fields = Object.entries(entry)
    .filter(([field]) => !placed.has(field))
    .map(([field, value]) => `${paint('gray', `${field}=`)}${shown(value)}`)
  const first = [
    paint('gray', time),
    paint(style, name.padEnd(NAME_WIDTH)),
    isRequest ? requestOf(entry) : oneLine(entry.msg ?? ''),
    ...fields
  ]
  return `${first.join(' ').trimEnd()}\n${entry.err ? stackOf(entry.err, paint) : ''}`
}

/** The method, the route, the status and the time of a request. */
const requestOf = ({ method, route, status, code, ms }: Entry): string =>
  [method, route, status, code, `${ms} ms`]
    .filter((part) => part !== undefined)
    .map((part) => oneLine(String(part)))
    .join(' ')

const oneLine = (text: string): string => printable(text.replace(/\s+/g, ' '))

/** A word as it is, anything else as JSON. */
const shown = (value: unknown): string =>
  typeof value === 'string' && /^[\w./:{}*@…-]+$/.test(value)
    ? value
    : oneLine(JSON.stringify(value) ?? '')

function stackOf(err: NonNullable<Entry['err']>, paint: Paint): string {
  const code = err.code === undefined ? '' : `\ncode ${err.code}`
  const text = `${err.stack ?? err.message ?? JSON.stringify(err)}${code}`
  const cause = err.cause as Entry['err']
  const lines = printable(text)
    .split('\n')
    .map((line) => `    ${line.trimEnd()}\n`)
    .join('')
  return paint('gray', lines) + (cause ? `    caused by\n${stackOf(cause, paint)}` : '')
}

import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { SETTING_NAMES } from '../config.ts'
import { closestName } from '../lib/did-you-mean.ts'
import { fileErrorReason } from '../lib/file-error.ts'
import { CommandError } from './command-error.ts'

/** What compose.yaml reads from the same file, and Tasklane does not. */
export const COMPOSE_NAMES = [
  'BIND',
  'DATABASE_PASSWORD',
  'MIGRATION_PASSWORD',
  'POSTGRES_PASSWORD',
  'REDIS_PASSWORD'
]

export interface EnvFile {
  values: Record<string, string | undefined>
  /** Names that are no settings: the file is ours, so each is a mistake. */
  faults: string[]
}

/** Reads settings from a file; one that does not exist has none. */
export function readEnvFile(file: string): EnvFile {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return { values: {}, faults: [] }
    }
    throw new CommandError(`${file} cannot be read: ${fileErrorReason(error)}.`)
  }
  const text = decodeText(file, bytes)
  const values = parseEnv(text)
  const known = new Set([...SETTING_NAMES, ...COMPOSE_NAMES])
  const faults = Object.keys(values)
    .filter((name) => !known.has(name))
    .map((name) => `${file} has ${describeName(name)}`)
  return { values, faults: [...faults, ...findIgnoredLines(file, text)] }
}

/** What parseEnv leaves out in silence: lines without `=`, such as `NAME: value`. Quoted values may have several. */
const QUOTED_VALUE = /=[ \t]*(["'`])[\s\S]*?\1/g

const findIgnoredLines = (file: string, text: string): string[] =>
  text
    .replace(/^[ \t]*#.*$/gm, '#')
    .replace(QUOTED_VALUE, (value) => `=${value.replace(/[^\n]/g, '').replaceAll('\n', '#\n')}`)
    .split('\n')
    .flatMap((line, i) =>
      /^\s*(#|$)|=/.test(line)
        ? []
        : [`${file} has no = in line ${i + 1}, which must look like NAME=value`]
    )

/** What looks like a name: a line that went wrong may have a secret where a name should be. */
const SHOWN = /^([A-Z][A-Z0-9_]{0,39}|[a-z][a-z0-9_]{0,39})$/

/** What Node and libraries read for themselves: it does nothing in a file that they never see. */
const FOR_OTHERS = /^(NODE_|OTEL_|TZ$|NO_COLOR$|FORCE_COLOR$)/

function describeName(name: string): string {
  if (FOR_OTHERS.test(name) && SHOWN.test(name)) {
    return `${name}, which only the environment can set`
  }
  if (!SHOWN.test(name)) {
    return 'a line whose name is no setting, and is not shown in case it is a secret'
  }
  const wanted = name.toLowerCase()
  const known = SETTING_NAMES.map((setting) => setting.toLowerCase())
  // A part of a name before names that are as long: DATABASE_POOL is not DATABASE_URL.
  const meant =
    known.find((it) => it === wanted) ??
    known.find((it) => it.startsWith(`${wanted}_`)) ??
    closestName(wanted, known)
  const guess = meant === undefined ? '' : `; did you mean ${meant.toUpperCase()}?`
  return `${name}, which is no setting${guess}`
}

/** Decodes a file as editors on Windows save it too: with a byte order mark, which is no part of the first name. */
function decodeText(file: string, bytes: Buffer): string {
  const [first = 0, second = 0] = bytes
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  if (hasMark || bytes.includes(0)) {
    throw new CommandError(`${file} is encoded as UTF-16. Save it as UTF-8.`)
  }
  if (!isUtf8(bytes)) {
    throw new CommandError(`${file} is not encoded as UTF-8. Save it as UTF-8.`)
  }
  return bytes.toString('utf8').replace(/^\uFEFF+/, '')
}

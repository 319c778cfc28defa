import { readFileSync } from 'node:fs'
import type { Config } from '../../config.ts'
import { invalidField } from '../../core/problem.ts'

const MAX_CHARACTERS = 128
const MAX_BYTES = 512
const PRODUCT = 'tasklane'
const COMMENT = /^#( |$)/
const LIST = new URL('./common-passwords.txt', import.meta.url)

/** Whose password it is to be. */
export interface Person {
  username?: string | null | undefined
  email?: string | null | undefined
}

/**
 * Refuses a password that the policy does not allow, and says why. Length alone makes it strong (NIST SP 800-63B): there
 * are no rules of composition, and nothing is trimmed, cut or folded.
 */
export function checkPassword(
  config: Config,
  password: string,
  person: Person,
  field = 'password'
): void {
  const refuse = (code: string, rule: string) => {
    throw invalidField('body', `/${field}`, code, `${field} ${rule}`)
  }
  const characters = [...password]
  if (characters.length < config.PASSWORD_MIN_LENGTH) {
    refuse('too_short', `must have at least ${config.PASSWORD_MIN_LENGTH} characters.`)
  }
  if (characters.length > MAX_CHARACTERS) {
    refuse('too_long', `must have at most ${MAX_CHARACTERS} characters.`)
  }
  if (Buffer.byteLength(password) > MAX_BYTES) {
    refuse('too_long', `must have at most ${MAX_BYTES} bytes.`)
  }
  const weakness = weaknessOf(password, namesOf(person), config.PASSWORD_BLOCKLIST)
  if (weakness) {
    refuse(
      'weak_password',
      `${weakness}. Choose another one; several words in a row are easy to remember.`
    )
  }
}

function weaknessOf(password: string, names: string[], isListOn: boolean): string | undefined {
  const folded = password.toLowerCase()
  if (names.includes(folded)) {
    return OWN_NAME
  }
  if (!isListOn) {
    return undefined
  }
  const core = coreOf(folded)
  if (core !== '' && names.map(coreOf).includes(core)) {
    return OWN_NAME
  }
  if (core === PRODUCT) {
    return 'must not be the name of this product'
  }
  if (new Set(folded).size === 1) {
    return 'must not be one character repeated'
  }
  if (commonPasswords().has(folded)) {
    return 'is one of the most common passwords, which are tried first'
  }
  return undefined
}

const OWN_NAME = 'must not be your own username or address'

/** The username, the address and its local part. */
const namesOf = ({ username, email }: Person): string[] =>
  [username, email, email?.split('@')[0]]
    .filter((name) => name != null)
    .map((name) => name.toLowerCase())

/** A word without the digits and signs that people put around it, once if it is only itself repeated. */
function coreOf(word: string): string {
  const letters = word.replace(/^\P{L}+|\P{L}+$/gu, '')
  return /^(.+?)\1*$/u.exec(letters)?.[1] ?? ''
}

let common: Set<string> | undefined

/** Read when the first password is checked against it. */
function commonPasswords(): Set<string> {
  common ??= new Set(
    readFileSync(LIST, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !COMMENT.test(line))
  )
  return common
}

import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import { invalidField } from './problem.ts'

const MAX_CHARACTERS = 128
const MAX_BYTES = 512
const PRODUCT = 'tasklane'
const COMMENT = /^#( |$)/
const LIST = new URL('./common-passwords.txt', import.meta.url)

/** The identifiers that a password must not repeat. */
export interface PasswordOwner {
  username?: string | null | undefined
  email?: string | null | undefined
}

/**
 * Rejects a password that the policy does not allow, and says why. Length alone makes it strong (NIST SP 800-63B):
 * there are no rules of composition, and nothing is trimmed, cut or folded.
 */
export function checkPassword(
  config: Config,
  password: string,
  owner: PasswordOwner,
  field = 'password'
): void {
  const reject = (code: string, rule: string) => {
    throw invalidField('body', `/${field}`, code, `${field} ${rule}`)
  }
  const characters = [...password]
  if (characters.length < config.PASSWORD_MIN_LENGTH) {
    reject('too_short', `must have at least ${config.PASSWORD_MIN_LENGTH} characters.`)
  }
  if (characters.length > MAX_CHARACTERS) {
    reject('too_long', `must have at most ${MAX_CHARACTERS} characters.`)
  }
  if (Buffer.byteLength(password) > MAX_BYTES) {
    reject('too_long', `must have at most ${MAX_BYTES} bytes.`)
  }
  const weakness = weaknessOf(password, namesOf(owner), config.PASSWORD_BLOCKLIST)
  if (weakness) {
    reject(
      'weak_password',
      `${weakness}. Choose another one: several words in a row are easy to remember.`
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
    return 'must not be a single character repeated'
  }
  if (commonPasswords().has(folded)) {
    return 'is one of the most common passwords, which attackers try first'
  }
  return undefined
}

const OWN_NAME = 'must not be your own username or email'

/** Lists the username, the email and its local part, in lower case. */
const namesOf = ({ username, email }: PasswordOwner): string[] =>
  [username, email, email?.split('@')[0]]
    .filter((name) => name != null)
    .map((name) => name.toLowerCase())

/** Returns a word without the digits and signs around it, and only once if it consists of its own repetition. */
function coreOf(word: string): string {
  const letters = word.replace(/^\P{L}+|\P{L}+$/gu, '')
  return /^(.+?)\1*$/u.exec(letters)?.[1] ?? ''
}

let common: Set<string> | undefined

/** Reads the list when the first password is checked against it. */
function commonPasswords(): Set<string> {
  common ??= new Set(
    readFileSync(LIST, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !COMMENT.test(line))
  )
  return common
}

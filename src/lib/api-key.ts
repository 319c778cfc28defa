import { randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

export const API_KEY_PREFIX = 'tl_'
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_LENGTH = 8
const SECRET_LENGTH = 32
/** 62^6 is more than 2^32. */
const CHECKSUM_LENGTH = 6
const FORMAT = new RegExp(
  `^${API_KEY_PREFIX}[0-9A-Za-z]{${ID_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH}}$`
)

/**
 * Generates a key: `tl_`, eight characters that may be shown, 32 secret ones (190 random bits) and a checksum, by which
 * secret scanners recognise real keys.
 */
export function generateApiKey(): { key: string; prefix: string } {
  const body =
    API_KEY_PREFIX +
    Array.from(
      { length: ID_LENGTH + SECRET_LENGTH },
      () => ALPHABET[randomInt(ALPHABET.length)]
    ).join('')
  return { key: body + checksum(body), prefix: body.slice(0, API_KEY_PREFIX.length + ID_LENGTH) }
}

/** Returns true when a text can be a key, so that mistyped and invented keys cost no query. */
export function isApiKey(text: string): boolean {
  return FORMAT.test(text) && text.endsWith(checksum(text.slice(0, -CHECKSUM_LENGTH)))
}

function checksum(body: string): string {
  let rest = crc32(body)
  let digits = ''
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits
    rest = Math.floor(rest / ALPHABET.length)
  }
  return digits
}

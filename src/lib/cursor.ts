import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  type KeyObject,
  randomBytes,
  timingSafeEqual
} from 'node:crypto'

/** The cursor was altered, belongs to another list or caller, or has another format. */
export class InvalidCursorError extends Error {}

const FORMAT = 1
const HEAD = Buffer.of(FORMAT)
const MAC_BYTES = 16

/**
 * Encodes the last row's sort position as opaque, authenticated text. `binding` names everything that the position is
 * valid for (caller, sort, filter); it is authenticated but not contained.
 */
export function encodeCursor(key: KeyObject, binding: string, position: readonly string[]): string {
  const payload = JSON.stringify(position)
  return Buffer.concat([HEAD, mac(key, binding, payload), Buffer.from(payload)]).toString(
    'base64url'
  )
}

/** Decodes a position that was encoded with one of the keys, or throws InvalidCursorError. */
export function decodeCursor(keys: readonly KeyObject[], binding: string, text: string): string[] {
  const bytes = bytesOf(text)
  if (bytes.length <= 1 + MAC_BYTES || bytes[0] !== FORMAT) {
    throw new InvalidCursorError('unknown format')
  }
  const payload = bytes.toString('utf8', 1 + MAC_BYTES)
  const signature = bytes.subarray(1, 1 + MAC_BYTES)
  if (!keys.some((key) => timingSafeEqual(signature, mac(key, binding, payload)))) {
    throw new InvalidCursorError('altered')
  }
  return JSON.parse(payload)
}

/** Returns the bytes of base64url, of whose several spellings of the same only the canonical one is accepted. */
function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) {
    throw new InvalidCursorError('not canonical')
  }
  return bytes
}

const SEALED = 2
const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const SEALED_HEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES

/** Encodes a position that the caller must not read, such as that of a row that they may not know of. */
export function sealCursor(key: KeyObject, binding: string, position: readonly string[]): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, sealingKey(key), nonce).setAAD(Buffer.from(binding))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(position)), cipher.final()])
  return Buffer.concat([Buffer.of(SEALED), nonce, cipher.getAuthTag(), sealed]).toString(
    'base64url'
  )
}

/** Decodes a position that was sealed with one of the keys, or throws InvalidCursorError. */
export function unsealCursor(keys: readonly KeyObject[], binding: string, text: string): string[] {
  const bytes = bytesOf(text)
  if (bytes.length <= SEALED_HEAD_BYTES || bytes[0] !== SEALED) {
    throw new InvalidCursorError('unknown format')
  }
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES)
  const tag = bytes.subarray(1 + NONCE_BYTES, SEALED_HEAD_BYTES)
  const sealed = bytes.subarray(SEALED_HEAD_BYTES)
  for (const key of keys) {
    const decipher = createDecipheriv(CIPHER, sealingKey(key), nonce).setAAD(Buffer.from(binding))
    decipher.setAuthTag(tag)
    try {
      return JSON.parse(Buffer.concat([decipher.update(sealed), decipher.final()]).toString())
    } catch {
      // Another of the keys, or none.
    }
  }
  throw new InvalidCursorError('altered')
}

const sealingKey = (key: KeyObject): Buffer =>
  createHmac('sha256', key).update('sealed cursor').digest()

function mac(key: KeyObject, binding: string, payload: string): Buffer {
  return createHmac('sha256', key).update(`${binding}\0${payload}`).digest().subarray(0, MAC_BYTES)
}

import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'

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
  const bytes = Buffer.from(text, 'base64url')
  // base64url has several spellings of the same bytes; only the canonical one is accepted.
  if (bytes.toString('base64url') !== text) {
    throw new InvalidCursorError('not canonical')
  }
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

function mac(key: KeyObject, binding: string, payload: string): Buffer {
  return createHmac('sha256', key).update(`${binding}\0${payload}`).digest().subarray(0, MAC_BYTES)
}

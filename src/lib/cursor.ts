import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'

/** Raised when a cursor was altered, belongs to another list or another caller, or comes from another format. */
export class InvalidCursorError extends Error {}

const FORMAT = 1
const HEAD = Buffer.of(FORMAT)
const MAC_BYTES = 16

/**
 * Seals the last row's sort position into an opaque text. `binding` names everything the position is only
 * valid for (caller, sort, filter); it is authenticated, not stored.
 */
export function encodeCursor(key: KeyObject, binding: string, position: readonly string[]): string {
  const payload = JSON.stringify(position)
  return Buffer.concat([HEAD, mac(key, binding, payload), Buffer.from(payload)]).toString(
    'base64url'
  )
}

/** Gives back the position that was sealed by one of the keys, or throws BadCursor. */
export function decodeCursor(keys: readonly KeyObject[], binding: string, text: string): string[] {
  const bytes = Buffer.from(text, 'base64url')
  // base64url has several spellings of the same bytes: only the one we wrote counts.
  if (bytes.toString('base64url') !== text) {
    throw new InvalidCursorError('not canonical')
  }
  if (bytes.length <= 1 + MAC_BYTES || bytes[0] !== FORMAT) {
    throw new InvalidCursorError('unknown format')
  }
  const payload = bytes.toString('utf8', 1 + MAC_BYTES)
  if (
    !keys.some((key) =>
      timingSafeEqual(bytes.subarray(1, 1 + MAC_BYTES), mac(key, binding, payload))
    )
  ) {
    throw new InvalidCursorError('altered')
  }
  return JSON.parse(payload) as string[]
}

function mac(key: KeyObject, binding: string, payload: string): Buffer {
  return createHmac('sha256', key).update(`${binding}\0${payload}`).digest().subarray(0, MAC_BYTES)
}

const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const CLOSE_BRACE = 0x7d
const CLOSE_BRACKET = 0x5d
const QUOTE = 0x22
const BACKSLASH = 0x5c

const COMMA = 0x2c

/** Whether a JSON text nests deeper, or has more values, than it may. Looks at raw bytes: a parser would already have paid for them. */
export function excessOf (json: Buffer, max: { depth: number, values: number }): 'depth' | 'values' | undefined {
  let depth = 0
  let values = 1
  let inString = false
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]
    if (inString) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) {
      inString = true
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > max.depth) return 'depth'
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--
    } else if (byte === COMMA && ++values > max.values) {
      return 'values'
    }
  }
  return undefined
}

/** JSON pointer (RFC 6901) of the first string, key or value, that PostgreSQL could not store: NUL or a lone surrogate. */
export function findUnstorable (value: unknown, pointer = ''): string | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : pointer
  if (value === null || typeof value !== 'object') return undefined
  for (const [key, inner] of Object.entries(value)) {
    const at = `${pointer}/${escapePointer(key)}`
    if (!isStorable(key)) return at
    const found = findUnstorable(inner, at)
    if (found !== undefined) return found
  }
  return undefined
}

/** True when the text has neither NUL nor a lone surrogate. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

/** One segment of a JSON pointer (RFC 6901, section 3), made printable. */
export const escapePointer = (key: string): string =>
  key.toWellFormed().replaceAll('\0', '\ufffd').replaceAll('~', '~0').replaceAll('/', '~1').slice(0, 100)

const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const CLOSE_BRACE = 0x7d
const CLOSE_BRACKET = 0x5d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c

export interface Scan {
  /** What the text has too much of, if anything; then the rest was not looked at. */
  excess: 'depth' | 'values' | undefined
  /** How many members its objects have, counted by their colons. */
  members: number
}

/** How large a JSON text is. Looks at raw bytes: a parser would already have paid for them. */
export function scanJson(json: Buffer, max: { depth: number; values: number }): Scan {
  let depth = 0
  let values = 1
  let members = 0
  let inString = false
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]
    if (inString) {
      if (byte === BACKSLASH) {
        i++
      } else if (byte === QUOTE) {
        inString = false
      }
    } else if (byte === QUOTE) {
      inString = true
    } else if (byte === COLON) {
      members++
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > max.depth) {
        return { excess: 'depth', members }
      }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--
    } else if (byte === COMMA && ++values > max.values) {
      return { excess: 'values', members }
    }
  }
  return { excess: undefined, members }
}

/** How many members the objects in a parsed value have. A text that had more of them has given a name twice, and a parser keeps the last. */
export function countMembers(value: unknown): number {
  if (value === null || typeof value !== 'object') {
    return 0
  }
  let members = 0
  if (Array.isArray(value)) {
    for (const inner of value) {
      members += countMembers(inner)
    }
  } else {
    for (const name in value) {
      members += 1 + countMembers((value as Record<string, unknown>)[name])
    }
  }
  return members
}

/** JSON pointer of the first member whose name its object has already, in a text that is valid JSON. */
export function findDuplicateKey(json: string): string | undefined {
  const scopes: { names: Set<string> | undefined; at: string | number }[] = []
  let text = ''
  for (let i = 0; i < json.length; i++) {
    const scope = scopes.at(-1)
    const sign = json[i]
    if (sign === '"') {
      const start = i
      while (json[++i] !== '"') {
        if (json[i] === '\\') {
          i++
        }
      }
      text = json.slice(start, i + 1)
    } else if (sign === ':' && scope?.names) {
      scope.at = JSON.parse(text) as string
      if (scope.names.has(scope.at)) {
        return scopes.map(({ at }) => `/${escapePointer(String(at))}`).join('')
      }
      scope.names.add(scope.at)
    } else if (sign === '{') {
      scopes.push({ names: new Set(), at: '' })
    } else if (sign === '[') {
      scopes.push({ names: undefined, at: 0 })
    } else if (sign === ',' && typeof scope?.at === 'number') {
      scope.at++
    } else if (sign === '}' || sign === ']') {
      scopes.pop()
    }
  }
  return undefined
}

/** JSON pointer (RFC 6901) of the first string, key or value, that PostgreSQL could not store: NUL or a lone surrogate. */
export function findInvalidText(value: unknown, pointer = ''): string | undefined {
  if (typeof value === 'string') {
    return isValidText(value) ? undefined : pointer
  }
  if (value === null || typeof value !== 'object') {
    return undefined
  }
  for (const [key, inner] of Object.entries(value)) {
    const at = `${pointer}/${escapePointer(key)}`
    if (!isValidText(key)) {
      return at
    }
    const found = findInvalidText(inner, at)
    if (found !== undefined) {
      return found
    }
  }
  return undefined
}

/** True when the text has neither NUL nor a lone surrogate. */
export const isValidText = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

/** One segment of a JSON pointer (RFC 6901, section 3), made printable. */
export const escapePointer = (key: string): string =>
  key
    .toWellFormed()
    .replaceAll('\0', '\ufffd')
    .replaceAll('~', '~0')
    .replaceAll('/', '~1')
    .slice(0, 100)

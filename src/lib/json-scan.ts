const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const CLOSE_BRACE = 0x7d
const CLOSE_BRACKET = 0x5d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c

export interface Scan {
  /** The limit that the text exceeds, if any; then the rest was not read. */
  excess: 'depth' | 'values' | undefined
  /** The number of members of all objects, counted by their colons. */
  members: number
}

/** Measures a JSON text by its raw bytes, before a parser spends time and memory on it. */
export function scanJson(json: Buffer, max: { depth: number; values: number }): Scan {
  let depth = 0
  let values = 1
  let members = 0
  for (let i = 0; i < json.length; i++) {
    switch (json[i]) {
      case QUOTE:
        i = endOfString(json, i)
        break
      case COLON:
        members++
        break
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++depth > max.depth) {
          return { excess: 'depth', members }
        }
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--
        break
      case COMMA:
        if (++values > max.values) {
          return { excess: 'values', members }
        }
    }
  }
  return { excess: undefined, members }
}

/** Returns the index of the quote that ends the string which begins at `start`. */
function endOfString(json: Buffer, start: number): number {
  let i = start + 1
  while (i < json.length && json[i] !== QUOTE) {
    i += json[i] === BACKSLASH ? 2 : 1
  }
  return i
}

/**
 * Counts the members of all objects in a parsed value. A text that has more of them repeats a name: a parser keeps only
 * the last.
 */
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

/** An object with the names so far and the current one, or an array with the current index. */
type Scope = { names: Set<string>; at: string } | { names: undefined; at: number }

/** Returns the JSON pointer of the first member whose name occurs before in its object. The text must be valid JSON. */
export function findDuplicateKey(json: string): string | undefined {
  const scopes: Scope[] = []
  let text = ''
  for (let i = 0; i < json.length; i++) {
    const sign = json[i]
    if (sign === '"') {
      const end = endOfText(json, i)
      text = json.slice(i, end + 1)
      i = end
    } else if (sign !== ':') {
      moveOn(scopes, sign)
    } else if (isDuplicate(scopes.at(-1), text)) {
      return scopes.map(({ at }) => `/${escapePointer(String(at))}`).join('')
    }
  }
  return undefined
}

/** Returns the index of the quote that ends the string which begins at `start`. */
function endOfText(json: string, start: number): number {
  let i = start + 1
  while (json[i] !== '"') {
    i += json[i] === '\\' ? 2 : 1
  }
  return i
}

/** Opens and closes scopes, and counts the elements of arrays. */
function moveOn(scopes: Scope[], sign: string | undefined): void {
  const scope = scopes.at(-1)
  if (sign === '{') {
    scopes.push({ names: new Set(), at: '' })
  } else if (sign === '[') {
    scopes.push({ names: undefined, at: 0 })
  } else if (sign === '}' || sign === ']') {
    scopes.pop()
  } else if (sign === ',' && scope?.names === undefined && scope) {
    scope.at++
  }
}

/** Adds a name, given as JSON text, to its object; returns true when it has it already. */
function isDuplicate(scope: Scope | undefined, text: string): boolean {
  if (!scope?.names) {
    return false
  }
  scope.at = JSON.parse(text)
  if (scope.names.has(scope.at)) {
    return true
  }
  scope.names.add(scope.at)
  return false
}

/**
 * Returns the JSON pointer (RFC 6901) of the first string, key or value, that PostgreSQL cannot store: one with NUL
 * or a lone surrogate.
 */
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

/** Returns true for a text without NUL and lone surrogates. */
export const isValidText = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

/** Escapes a segment of a JSON pointer (RFC 6901, section 3) and makes it printable. */
export const escapePointer = (key: string): string =>
  key
    .toWellFormed()
    .replaceAll('\0', '\ufffd')
    .replaceAll('~', '~0')
    .replaceAll('/', '~1')
    .slice(0, 100)

import { createSecretKey, randomBytes } from 'node:crypto'
import t from 'tap'
import { decodeCursor, encodeCursor, InvalidCursorError } from '../../src/lib/cursor.ts'

const newKey = () => createSecretKey(randomBytes(32))
const key = newKey()
const BINDING = 'tasks of ann, newest first'
const POSITION = ['2026-01-02T03:04:05.678Z', '019f2f6e-7c1a-7bbb-8bbb-0123456789ab']
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const refused = (cursor: string, binding = BINDING, by = key): boolean => {
  try {
    decodeCursor([by], binding, cursor)
    return false
  } catch (error) {
    if (error instanceof InvalidCursorError) {
      return true
    }
    throw error
  }
}

t.test('a cursor decodes to the position that it was created from', async (t) => {
  for (const position of [
    POSITION,
    [''],
    [],
    ['a'],
    ['\u{1f6aa} "\\', 'null'],
    ['x'.repeat(1000)]
  ]) {
    t.strictSame(decodeCursor([key], BINDING, encodeCursor(key, BINDING, position)), position)
  }
})

t.test('a cursor with any single character changed is rejected', async (t) => {
  // Every remainder of three: the last character of base64url has unused bits.
  for (const position of [POSITION, ['a'], ['ab'], ['abc']]) {
    const cursor = encodeCursor(key, BINDING, position)
    const accepted = [...cursor]
      .flatMap((_, i) =>
        [...ALPHABET]
          .filter((c) => c !== cursor[i])
          .map((c) => cursor.slice(0, i) + c + cursor.slice(i + 1))
      )
      .filter((altered) => !refused(altered))
    t.strictSame(accepted, [])
  }
})

t.test('a cursor with a character added, removed or of another alphabet is rejected', async (t) => {
  const cursor = encodeCursor(key, BINDING, POSITION)
  for (let i = 0; i <= cursor.length; i++) {
    if (!refused(cursor.slice(0, i) + cursor.slice(i + 1)) && i < cursor.length) {
      t.fail(`without character ${i}`)
    }
    for (const c of ['A', '_', '=', '+', ' ', '\n', '\u00e9']) {
      if (!refused(cursor.slice(0, i) + c + cursor.slice(i))) {
        t.fail(`with ${JSON.stringify(c)} at ${i}`)
      }
    }
  }
  for (const other of [
    `${cursor}=`,
    ` ${cursor}`,
    cursor + cursor,
    cursor.toLowerCase(),
    `${cursor}+`,
    '',
    'A',
    '\u0000'
  ]) {
    t.ok(refused(other), JSON.stringify(other.slice(0, 10)))
  }
})

t.test('a cursor is rejected for another list, another caller and another key', async (t) => {
  const cursor = encodeCursor(key, BINDING, POSITION)
  t.ok(refused(cursor, 'tasks of eve, newest first'))
  t.ok(refused(cursor, ''))
  t.ok(refused(cursor, BINDING, newKey()))
  t.notOk(refused(cursor))
})

t.test('binding and position cannot be shifted into each other', async (t) => {
  t.not(encodeCursor(key, 'a', ['b']), encodeCursor(key, 'a\0', ['b']))
  t.ok(refused(encodeCursor(key, 'a', ['b']), 'a\0["b"]'))
})

t.test('a cursor has at most 512 characters', async (t) => {
  t.ok(encodeCursor(key, BINDING, POSITION).length <= 512)
  t.match(encodeCursor(key, BINDING, POSITION), /^[A-Za-z0-9_-]+$/)
})

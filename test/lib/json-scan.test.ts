import fc from 'fast-check'
import t from 'tap'
import {
  countMembers,
  escapePointer,
  findDuplicateKey,
  findInvalidText,
  isValidText,
  scanJson
} from '../../src/lib/json-scan.ts'

const max = { depth: 3, values: 5 }
const excess = (text: string) => scanJson(Buffer.from(text), max).excess

t.test('the depth counts open arrays and objects alike', async (t) => {
  for (const text of ['[[[]]]', '{"a":{"b":{}}}', '[{"a":[]}]', '[[],[],[[]]]', '']) {
    t.equal(excess(text), undefined, text)
  }
  for (const text of ['[[[[]]]]', '{"a":[{"b":[', '[[[[', '[{"a":[{}]}]']) {
    t.equal(excess(text), 'depth', text)
  }
})

t.test('values are counted by commas', async (t) => {
  t.equal(excess('[1,2,3,4,5]'), undefined)
  t.equal(excess('[1,2,3,4,5,6]'), 'values')
  t.equal(excess('{"a":[1,2],"b":[3,4],"c":5}'), undefined)
  t.equal(excess(',,,,,,'), 'values')
})

t.test(
  'brackets and commas inside a string are not counted, whatever is escaped around them',
  async (t) => {
    for (const text of [
      '"[[[[[,,,,,,,"',
      '["\\"[[[[[,,,,,,"]',
      '["\\\\","[[[["]',
      '"\\\\\\"[[[[["',
      '{"[[[[":"{{{{"}'
    ]) {
      t.equal(excess(text), undefined, text)
    }
    t.equal(excess('["\\\\"[[[['), 'depth', 'an escaped backslash ends no escape')
  }
)

t.test('a duplicate name is found at any depth, however it is escaped', async (t) => {
  const found: [text: string, pointer: string | undefined][] = [
    ['{"a":1,"a":1}', '/a'],
    ['{"a":1,"\\u0061":2}', '/a'],
    ['[{"a":1},{"b":{"c":1,"d":2,"c":3}}]', '/1/b/c'],
    ['{"a":[1,[2,{"x":"}","y":":","x":0}]]}', '/a/1/1/x'],
    ['{"":1,"":2}', '/'],
    ['{"a/b~":1,"a/b~":2}', '/a~1b~0'],
    ['{"\\"":1,"\\"":2}', '/"'],
    ['{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}', undefined],
    ['{"a":"a\\":1,\\"a"}', undefined],
    ['[":",",","a","a"]', undefined],
    ['"a:b"', undefined],
    ['5', undefined]
  ]
  for (const [text, pointer] of found) {
    t.equal(findDuplicateKey(text), pointer, text)
    const { members } = scanJson(Buffer.from(text), { depth: 9, values: 99 })
    t.equal(countMembers(JSON.parse(text)) < members, pointer !== undefined, `${text} by its count`)
  }
})

t.test('no serialized value has duplicate names', async () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const { members } = scanJson(Buffer.from(text), { depth: 99, values: 9999 })
      return countMembers(JSON.parse(text)) === members && findDuplicateKey(text) === undefined
    })
  )
})

t.test('text that PostgreSQL cannot store is found at any depth', async (t) => {
  const found: [unknown, string | undefined][] = [
    ['\0', ''],
    ['a\ud800', ''],
    [{ a: 'x\0' }, '/a'],
    [{ a: { b: ['ok', '\udc00'] } }, '/a/b/1'],
    [{ 'k\0': 1 }, '/k\ufffd'],
    [{ 'a/b~c': '\0' }, '/a~1b~0c'],
    [[[['\0']]], '/0/0/0'],
    ['ok', undefined],
    [{ a: '\u{1f6aa}', b: [null, 5, true], c: {} }, undefined],
    [null, undefined],
    [undefined, undefined],
    [5, undefined]
  ]
  for (const [value, pointer] of found) {
    t.equal(findInvalidText(value), pointer, JSON.stringify(value))
  }
})

t.test('text is valid without NUL and without lone surrogates', async (t) => {
  for (const text of ['', 'a', '\u{1f6aa}', '\ufffd', '\ufeff', '\u0001']) {
    t.ok(isValidText(text))
  }
  for (const text of ['\0', 'a\0b', '\ud83d', '\udeaa\ud83d']) {
    t.notOk(isValidText(text))
  }
})

t.test('a pointer segment is escaped, well-formed and short', async (t) => {
  t.equal(escapePointer('a/b~c'), 'a~1b~0c')
  t.equal(escapePointer('\ud800'), '\ufffd')
  t.equal(escapePointer('x'.repeat(1000)).length, 100)
})

import fc from 'fast-check'
import t from 'tap'
import { isPosition, positionIn, positionsIn } from '../../src/lib/position.ts'

const ID = fc.uuid()
/** Where something goes: before the so manyth of those that are there. */
const place = fc.nat(1000)

t.test('whatever goes anywhere gets a valid position between its neighbours', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(place, ID), { maxLength: 200 }), (moves) => {
      const list: string[] = []
      for (const [at, id] of moves) {
        const i = at % (list.length + 1)
        const [before = null, after = null] = [list[i - 1], list[i]]
        const position = positionIn({ before, after }, id) ?? ''
        const isBetween =
          (before === null || before < position) && (after === null || position < after)
        if (!isPosition(position) || !isBetween) {
          return false
        }
        list.splice(i, 0, position)
      }
      return true
    })
  )
  t.end()
})

t.test('two that go to the same place without knowing of each other differ', (t) => {
  for (const [before, after] of [
    ['l0000000000018', 'l0000000000028'],
    ['l00000000000118', 'l00000000000128'],
    [null, 'l0000000000028'],
    ['l0000000000018', null]
  ] as const) {
    const one = positionIn({ before, after }, '019f2f6e-7c1a-7bbb-8bbb-0123456789ab')
    const other = positionIn({ before, after }, '019f2f6e-7c1a-7bbb-8bbb-0123456789ac')
    t.not(one, other)
    t.not(positionIn({ before, after }, '019f2f6e-7c1a-7bbb-8bbb-012345fedcba'), one)
  }
  t.end()
})

t.test('a place can be halved seven hundred times before its positions are too long', (t) => {
  for (const side of ['before', 'after'] as const) {
    const gap = { before: 'l0000000000018', after: 'l0000000000028' }
    for (let i = 0; i < 700; i++) {
      gap[side] = positionIn(gap, '019f2f6e-7c1a-7bbb-8bbb-000000000000') ?? ''
    }
    t.ok(gap[side].length <= 200, `${side}: ${gap[side].length}`)
  }
  t.end()
})

t.test('many are put apart in order, with short positions', (t) => {
  const gap = { before: 'l0000000000018', after: 'l0000000000028' }
  const positions = positionsIn(gap, 101) ?? []
  t.equal(positions.length, 101)
  const all = [gap.before, ...positions, gap.after]
  t.same(all, [...new Set(all)].sort())
  t.ok(positions.every((position) => isPosition(position) && position.length < 20))
  t.end()
})

t.test('there is no position in an empty gap', (t) => {
  for (const [before, after] of [
    ['l0000000000018', 'l0000000000018'],
    ['l0000000000028', 'l0000000000018']
  ] as const) {
    t.equal(positionIn({ before, after }, 'abcdef'), undefined)
    t.equal(positionsIn({ before, after }, 3), undefined)
  }
  t.end()
})

t.test('other texts are no positions', (t) => {
  for (const text of [
    '',
    'l',
    'l1',
    'a1 ',
    ' a1',
    'a10',
    'b1',
    '11',
    'ag',
    `a1${'1'.repeat(200)}`
  ]) {
    t.equal(isPosition(text), false, text)
  }
  t.ok(isPosition('a1'))
  t.end()
})

t.test('a key below which there may be no room is none', async (t) => {
  t.equal(isPosition(`A${'0'.repeat(25)}1`), false)
  t.equal(isPosition(`B${'0'.repeat(24)}1`), true)
})

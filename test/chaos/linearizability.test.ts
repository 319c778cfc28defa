import t from 'tap'
import { findViolations, type RecordedCall, type StoredVersion } from './linearizability.ts'

const call = (
  kind: RecordedCall['kind'],
  startedAt: number,
  endedAt: number,
  version: number | undefined,
  text: string,
  expectedVersion?: number
): RecordedCall => ({ task: 'door', kind, startedAt, endedAt, version, text, expectedVersion })
const stored = (...texts: string[]): StoredVersion[] =>
  texts.map((text, i) => ({ task: 'door', version: i + 1, text }))

t.test(
  'a linearizable history has no violations, even with unknown outcomes and overlaps',
  async (t) => {
    t.strictSame(
      findViolations(
        [
          call('write', 0, 1, 1, 'a'),
          call('write', 2, 9, undefined, 'b', 1),
          call('read', 3, 4, 1, 'a'),
          call('write', 5, 8, 3, 'c'),
          call('read', 6, 7, 3, 'c'),
          call('write', 10, 11, undefined, 'never')
        ],
        stored('a', 'b', 'c')
      ),
      []
    )
  }
)

const VIOLATIONS: [violation: string, calls: RecordedCall[], stored: StoredVersion[]][] = [
  [
    'a conditional write to version 1 created 3',
    [call('write', 0, 1, 1, 'a'), call('write', 2, 3, 2, 'b'), call('write', 2, 4, 3, 'c', 1)],
    stored('a', 'b', 'c')
  ],
  [
    'two writes created version 2',
    [call('write', 0, 1, 1, 'a'), call('write', 2, 3, 2, 'b'), call('write', 2, 3, 2, 'b')],
    stored('a', 'b')
  ],
  [
    'a read saw version 1 after another call had returned 2',
    [call('write', 0, 1, 1, 'a'), call('write', 2, 3, 2, 'b'), call('read', 4, 5, 1, 'a')],
    stored('a', 'b')
  ],
  [
    'the history has version 3 in place of 2',
    [call('write', 0, 1, 1, 'a'), call('write', 2, 3, 3, 'b')],
    [
      { task: 'door', version: 1, text: 'a' },
      { task: 'door', version: 3, text: 'b' }
    ]
  ],
  [
    'a read returned "b" as version 1, the history has "a"',
    [call('write', 0, 1, 1, 'a'), call('read', 4, 5, 1, 'b')],
    stored('a')
  ],
  ['version 2 has "b", which no call wrote', [call('write', 0, 1, 1, 'a')], stored('a', 'b')],
  [
    'a write returned "b" as version 2, the history has "undefined"',
    [call('write', 0, 1, 1, 'a'), call('write', 2, 3, 2, 'b')],
    stored('a')
  ]
]
for (const [violation, calls, history] of VIOLATIONS) {
  t.test(`a violation is found: ${violation}`, async (t) => {
    const found = findViolations(calls, history)
    t.ok(
      found.some((text) => text.includes(violation)),
      found.join('\n')
    )
  })
}

import t from 'tap'
import { breaches, type Kept, type Told } from './history.ts'

const call = (
  kind: Told['kind'],
  startedAt: number,
  endedAt: number,
  version: number | undefined,
  text: string,
  wanted?: number
): Told => ({ task: 'door', kind, startedAt, endedAt, version, text, wanted })
const kept = (...texts: string[]): Kept[] =>
  texts.map((text, i) => ({ task: 'door', version: i + 1, text }))

t.test(
  'a history that one machine could have told is none to complain of, unknown outcomes and overlaps included',
  async (t) => {
    t.strictSame(
      breaches(
        [
          call('write', 0, 1, 1, 'a'),
          call('write', 2, 9, undefined, 'b', 1),
          call('read', 3, 4, 1, 'a'),
          call('write', 5, 8, 3, 'c'),
          call('read', 6, 7, 3, 'c'),
          call('write', 10, 11, undefined, 'never')
        ],
        kept('a', 'b', 'c')
      ),
      []
    )
  }
)

const LIES: [what: string, told: Told[], kept: Kept[]][] = [
  [
    'a write on condition of version 1 made 3',
    [call('write', 0, 1, 1, 'a'), call('write', 2, 3, 2, 'b'), call('write', 2, 4, 3, 'c', 1)],
    kept('a', 'b', 'c')
  ],
  [
    'two writes were told that they made version 2',
    [call('write', 0, 1, 1, 'a'), call('write', 2, 3, 2, 'b'), call('write', 2, 3, 2, 'b')],
    kept('a', 'b')
  ],
  [
    'a read saw version 1 after somebody had been told 2',
    [call('write', 0, 1, 1, 'a'), call('write', 2, 3, 2, 'b'), call('read', 4, 5, 1, 'a')],
    kept('a', 'b')
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
    'read was told «b» as version 1, the history has «a»',
    [call('write', 0, 1, 1, 'a'), call('read', 4, 5, 1, 'b')],
    kept('a')
  ],
  ['version 2 says «b», which nobody wrote', [call('write', 0, 1, 1, 'a')], kept('a', 'b')],
  [
    'write was told «b» as version 2, the history has «undefined»',
    [call('write', 0, 1, 1, 'a'), call('write', 2, 3, 2, 'b')],
    kept('a')
  ]
]
for (const [what, told, history] of LIES) {
  t.test(`it is seen that ${what}`, async (t) => {
    t.ok(
      breaches(told, history).some((breach) => breach.includes(what)),
      breaches(told, history).join('\n')
    )
  })
}

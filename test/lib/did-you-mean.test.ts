import t from 'tap'
import { closestName } from '../../src/lib/did-you-mean.ts'

const FIELDS = [
  'id',
  'title',
  'description',
  'status',
  'priority',
  'due_date',
  'tags',
  'assignee_id'
]

t.test('a mistyped name gives the one that was meant', async (t) => {
  const meant: [string, string][] = [
    ['titel', 'title'],
    ['tilte', 'title'],
    ['Title', 'title'],
    ['TITLE', 'title'],
    ['task_title', 'title'],
    ['titles', 'title'],
    ['desc', 'description'],
    ['descripton', 'description'],
    ['dueDate', 'due_date'],
    ['duedate', 'due_date'],
    ['due', 'due_date'],
    ['prio', 'priority'],
    ['tag', 'tags'],
    ['state', 'status'],
    ['assignee', 'assignee_id'],
    ['assigneeId', 'assignee_id']
  ]
  for (const [typed, name] of meant) {
    t.equal(closestName(typed, FIELDS), name, typed)
  }
})

t.test('a name that is close to none gives nothing', async (t) => {
  for (const typed of [
    'xyzzy',
    'q',
    '',
    'zz',
    'completely_different_thing',
    '\u{1f6aa}'.repeat(10)
  ]) {
    t.equal(closestName(typed, FIELDS), undefined, typed)
  }
  t.equal(closestName('title', []), undefined)
})

t.test('a very long name takes no more time than a short one', async (t) => {
  t.equal(closestName('x'.repeat(1_000_000), FIELDS), undefined)
  t.equal(closestName(`title${'x'.repeat(1_000_000)}`, FIELDS), 'title')
})

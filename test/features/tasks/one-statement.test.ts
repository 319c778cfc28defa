import fc from 'fast-check'
import t from 'tap'
import type { Task, TaskCreate, TaskUpdate } from '../../../src/features/tasks/schema.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t)
const [ann, bob] = [await signUp(), await signUp()]
const numRuns = Number(process.env.MODEL_RUNS ?? 20)

/** Values in spellings that are normalized, or that a statement could get wrong. */
const optional = {
  description: fc.constantFrom(null, '', ' two\nlines ', `it's "quoted" \\ {x,y} $1`),
  status: fc.constantFrom('todo' as const, 'in_progress' as const, 'done' as const),
  priority: fc.constantFrom('low' as const, 'medium' as const, 'high' as const),
  due_date: fc.constantFrom(
    null,
    '2026-02-01',
    '2026-02-01T23:59:59.999Z',
    '2026-02-01T18:00:00.1239+01:00',
    '2026-01-01t00:00:00z'
  ),
  tags: fc.array(fc.constantFrom('home', ' home', 'a,b', '"', '{}', '\\'), { maxLength: 4 }),
  assignee_id: fc.constantFrom(null, null, null, bob.user.id.toUpperCase())
}
const title = fc.constantFrom('  Paint the door ', "it's", 'ß ✓', '{"a": null}')
const body: fc.Arbitrary<TaskCreate> = fc.record(
  { ...optional, title },
  { requiredKeys: ['title'] }
)
const patch: fc.Arbitrary<TaskUpdate> = fc
  .record({ ...optional, title }, { requiredKeys: [] })
  .filter((fields) => Object.keys(fields).length > 0)

/** A task and its events without what differs between two tasks: ids, requests, times and places. */
async function contentOf(task: Task): Promise<object> {
  const { data } = (await ann.get(`/api/v1/tasks/${task.id}/events`)).json()
  const { id, created_at, updated_at, completed_at, position, ...fields } = task
  return {
    ...fields,
    isCompleted: completed_at !== null,
    events: data.map(
      ({ type, version, actor_id, changes }: Record<string, unknown>) =>
        ({ type, version, actor_id, changes }) as const
    )
  }
}

const batch = async (who: Person, operation: object): Promise<Task> =>
  (await who.post('/api/v1/task-batches', { operations: [operation] })).json().results[0].task

const same = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b)

t.test('a task is the same whether one statement or a transaction creates it', async (t) => {
  let runs = 0
  await fc.assert(
    fc.asyncProperty(body, async (payload) => {
      const plain = await ann.create(payload)
      const withKey = await ann.send({
        method: 'POST',
        url: '/api/v1/tasks',
        payload,
        headers: { 'idempotency-key': `run ${++runs}` }
      })
      const inBatch = await batch(ann, { op: 'create', data: payload })
      const expected = await contentOf(plain)
      return (
        plain.completed_at === (plain.status === 'done' ? plain.created_at : null) &&
        same(await contentOf(withKey.json()), expected) &&
        same(await contentOf(inBatch), expected)
      )
    }),
    { numRuns }
  )
  t.pass('all tasks were equal')
})

t.test('a change is the same whether one statement or a transaction makes it', async (t) => {
  await fc.assert(
    fc.asyncProperty(body, patch, async (payload, data) => {
      const [first, second] = [await ann.create(payload), await ann.create(payload)]
      const patched: Task = (await ann.patch(first, data)).json()
      const inBatch = await batch(ann, { op: 'update', id: second.id, data })
      return same(await contentOf(inBatch), await contentOf(patched))
    }),
    { numRuns }
  )
  t.pass('all tasks were equal')
})

import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { executeRows } from '../../../src/db/rows.ts'
import type { Task } from '../../../src/features/tasks/schema.ts'
import { inCluster } from '../../support/citus.ts'
import { openWithoutTimeouts, serverUrl } from '../../support/database.ts'
import { createProject } from '../../support/projects.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createBelow, insertBelow, treeViolations } from '../../support/subtasks.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

const { database, db, signUp } = await createTestApp(t)
const ROUNDS = 8

const make = (who: Person, parent: Task, title = 'Below') =>
  who.post('/api/v1/tasks', { title, parent_id: parent.id })
const batch = (who: Person, ...operations: object[]) =>
  who.post('/api/v1/task-batches', { operations })

/** Asserts that nothing failed but by a rule. */
const assertDecided = (t: Test, responses: { statusCode: number; body: string }[]) => {
  for (const { statusCode, body } of responses) {
    t.ok([200, 201, 204, 400, 404].includes(statusCode), `${statusCode} ${body.slice(0, 300)}`)
  }
}

t.test('of twenty at once, as many become subtasks as there is room for', async (t) => {
  const ann = await signUp()
  const top = await ann.create({ title: 'Top' })
  await insertBelow(db, top, 190)
  const lone = await Promise.all(
    Array.from({ length: 6 }, (_, i) => ann.create({ title: `Lone ${i}` }))
  )
  const responses = await Promise.all([
    ...Array.from({ length: 14 }, () => make(ann, top)),
    ...lone.map((task) => ann.patch(task, { parent_id: top.id }))
  ])
  const counts = countStatuses(responses)
  t.equal((counts[201] ?? 0) + (counts[200] ?? 0), 10)
  t.equal(counts[400], 10)
  t.strictSame(await treeViolations(db), [])
})

t.test('two tasks that are put below each other at once make no circle', async (t) => {
  const ann = await signUp()
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b, c] = [
      await ann.create({ title: 'a' }),
      await ann.create({ title: 'b' }),
      await ann.create({ title: 'c' })
    ]
    const responses = await Promise.all([
      ann.patch(a, { parent_id: b.id }),
      ann.patch(b, { parent_id: c.id }),
      ann.patch(c, { parent_id: a.id })
    ])
    t.strictSame(countStatuses(responses), { 200: 2, 400: 1 })
  }
  t.strictSame(await treeViolations(db), [])
})

t.test('a task that is deleted leaves no new subtask behind', async (t) => {
  const ann = await signUp()
  for (let round = 0; round < ROUNDS; round++) {
    const top = await ann.create({ title: 'Top' })
    const [sub] = round % 2 === 0 ? [] : await createBelow(ann, top, ['Sub'])
    const responses = await Promise.all([
      make(ann, top),
      ann.remove(top),
      make(ann, sub ?? top),
      batch(ann, { op: 'create', data: { title: 'x', parent_id: top.id } })
    ])
    assertDecided(t, responses)
    t.equal(responses[1].statusCode, 204)
  }
  t.strictSame(await treeViolations(db), [])
})

t.test('batches, moves and restorations leave whole trees at any time', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  for (let round = 0; round < ROUNDS; round++) {
    const [top, other] = [await ann.create({ title: 'Top' }), await ann.create({ title: 'Other' })]
    const [one, two] = await createBelow(ann, top, ['1', '2'])
    if (!one || !two) {
      throw new Error('there are no subtasks')
    }
    await ann.remove(two)
    const responses = await Promise.all([
      ann.patch(top, { project_id: project.id }),
      make(ann, one),
      ann.restore(two),
      ann.patch(other, { parent_id: one.id }),
      batch(
        ann,
        { op: 'delete', id: one.id },
        { op: 'update', id: other.id, data: { title: 'x' } }
      ),
      ann.remove(round % 2 === 0 ? top : other)
    ])
    assertDecided(t, responses)
  }
  t.strictSame(await treeViolations(db), [])
})

t.test('emptying the list leaves no subtask behind', async (t) => {
  const ann = await signUp()
  for (let round = 0; round < 4; round++) {
    const tops = [await ann.create({ title: 'a' }), await ann.create({ title: 'b' })]
    const responses = await Promise.all([
      ...tops.map((top) => make(ann, top)),
      ann.send({ method: 'DELETE', url: '/api/v1/tasks?confirm=all' }),
      ...tops.map((top) => make(ann, top))
    ])
    assertDecided(t, responses)
  }
  t.strictSame(await treeViolations(db), [])
})

t.test(
  'a deletion that waited for a new subtask takes it along',
  {
    skip:
      serverUrl === undefined
        ? 'two sessions need a server'
        : await inCluster('statements wait on the nodes')
  },
  async (t) => {
    const ann = await signUp()
    const top = await ann.create({ title: 'Top' })
    const waiting = async () => {
      const [row] = await executeRows<{ count: number }>(
        db,
        sql`
          SELECT count(*)::int AS count FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`
      )
      return row?.count ?? 0
    }
    const outside = await openWithoutTimeouts(t, database.url)
    const pending: Promise<{ statusCode: number }>[] = []
    await outside.transaction(async (tx) => {
      // A row that refers to its owner waits for this, after its parent has been written.
      await tx.execute(sql`SELECT FROM owners WHERE owner_id = ${ann.user.id} FOR UPDATE`)
      pending.push(make(ann, top))
      await waitUntil('the creation waits', async () => (await waiting()) === 1)
      pending.push(ann.remove(top))
      await waitUntil('the deletion waits', async () => (await waiting()) === 2)
    })
    const [created, removed] = await Promise.all(pending)
    t.equal(created?.statusCode, 201)
    t.equal(removed?.statusCode, 204)
    t.strictSame((await ann.get('/api/v1/tasks')).json().data, [])
    t.strictSame(await treeViolations(db), [])
    await ann.restore(top)
    t.equal((await ann.get(`/api/v1/tasks?parent_id=${top.id}`)).json().data.length, 1)
  }
)

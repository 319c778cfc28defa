import { sql } from 'drizzle-orm'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import type { Task } from '../../../src/features/tasks/schema.ts'
import { createProject, projectWith, titlesIn } from '../../support/projects.ts'
import { createBelow, insertBelow, treeViolations } from '../../support/subtasks.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { db, events, signUp } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const run = (who: Person, operations: object[], atomic = true) =>
  who.post('/api/v1/task-batches', { atomic, operations })
const list = async (who: Person) => titlesIn(await who.get('/api/v1/tasks?sort=title_asc'))

t.test('a batch creates a parent and then its subtasks, in any project', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const [top, sub] = [uuidv7(), uuidv7()]
  const made = await run(ann, [
    { op: 'create', id: top, data: { title: 'a', project_id: project.id } },
    { op: 'create', id: sub, data: { title: 'b', parent_id: top.toUpperCase() } },
    { op: 'create', data: { title: 'c', parent_id: sub } }
  ])
  t.match(made.json().results, [
    { status: 201, id: top, task: { parent_id: null } },
    { status: 201, id: sub, task: { parent_id: top, project_id: project.id } },
    { status: 201, task: { parent_id: sub, project_id: project.id, version: 1 } }
  ])
  t.strictSame(await events.of({ id: sub }), ['task.created'])

  const early = uuidv7()
  const refused = await run(ann, [
    { op: 'create', data: { title: 'x', parent_id: early } },
    { op: 'create', id: early, data: { title: 'y' } }
  ])
  t.match(refused.json(), {
    status: 400,
    errors: [{ pointer: '/operations/0/data/parent_id', code: 'unknown_parent' }]
  })
  t.strictSame(await list(ann), ['a', 'b', 'c'], 'nothing of it is done')
  t.strictSame(await treeViolations(db), [])
})

t.test('each operation of a batch finds what those before it have left', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const top = await ann.create({ title: 'a' })
  const [one, two] = await createBelow(ann, top, ['b', 'c'])
  const lone = await ann.create({ title: 'd' })
  const moved = await run(ann, [
    { op: 'update', id: lone.id, data: { parent_id: one?.id } },
    { op: 'update', id: top.id, data: { project_id: project.id } },
    { op: 'update', id: two?.id, if_version: 2, data: { status: 'done' } },
    { op: 'update', id: one?.id, data: { parent_id: null } }
  ])
  t.match(moved.json().results, [
    { status: 200, task: { parent_id: one?.id, version: 2 } },
    { status: 200, task: { project_id: project.id } },
    { status: 200, task: { project_id: project.id, parent_id: top.id, version: 3 } },
    { status: 200, task: { project_id: project.id, parent_id: null, version: 3 } }
  ])
  t.match((await ann.read(lone)).json(), { project_id: project.id, version: 3 })
  t.strictSame(await treeViolations(db), [])
})

t.test('a batch that deletes a task and those below it deletes each of them once', async (t) => {
  const ann = await signUp()
  const top = await ann.create({ title: 'a' })
  const [one, two] = await createBelow(ann, top, ['b', 'c'])
  const [below] = await createBelow(ann, one as never, ['d'])
  const deleted = await run(ann, [
    { op: 'delete', id: top.id },
    { op: 'delete', id: one?.id },
    { op: 'delete', id: below?.id }
  ])
  t.match(deleted.json().results, [
    { status: 204, id: top.id, version: 2 },
    { status: 204, id: one?.id, version: 2 },
    { status: 204, id: below?.id, version: 2 }
  ])
  t.strictSame(await list(ann), [])
  t.strictSame(await events.of(two as never), ['task.created', 'task.deleted'])
  await ann.restore(top)
  t.strictSame(await list(ann), ['a', 'b', 'c', 'd'])
})

t.test('without atomic each operation is judged by itself', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const top = await ann.create({ title: 'Top' })
  await insertBelow(db, top, 198)
  const hidden = await bob.create({ title: 'Hidden' })
  const create = (data: object, more = {}) => ({
    op: 'create',
    data: { title: 'x', ...data },
    ...more
  })
  const sent = await run(
    ann,
    [
      create({ parent_id: top.id }),
      create({ parent_id: hidden.id }),
      create({ parent_id: top.id, due_date: '2026-01-01', all_day: false }),
      create({ parent_id: top.id }),
      create({ parent_id: top.id }),
      create({ parent_id: top.id }, { if_version: 1 }),
      { op: 'update', id: top.id, data: { parent_id: top.id } },
      { op: 'update', id: top.id, data: { title: 'y' } },
      { op: 'delete', id: hidden.id },
      create({})
    ],
    false
  )
  t.match(sent.json().results, [
    { status: 201 },
    { status: 400, problem: { errors: [{ pointer: '/operations/1/data/parent_id' }] } },
    { status: 400, problem: { errors: [{ pointer: '/operations/2/data/all_day' }] } },
    { status: 201 },
    { status: 400, problem: { errors: [{ code: 'too_many_subtasks' }] } },
    { status: 400, problem: { errors: [{ pointer: '/operations/5/if_version' }] } },
    {
      status: 400,
      problem: { errors: [{ pointer: '/operations/6/data/parent_id', code: 'cycle' }] }
    },
    { status: 400, problem: { errors: [{ pointer: '/operations/7/id', code: 'repeated' }] } },
    { status: 404, problem: { errors: [{ pointer: '/operations/8', code: 'not_found' }] } },
    { status: 201 }
  ])
  t.strictSame(await events.of(hidden), ['task.created'])
  t.strictSame(await treeViolations(db), [])
})

t.test('a hundred subtasks in one batch are as good as any', async (t) => {
  const ann = await signUp()
  const top = await ann.create({ title: 'Top' })
  const operations = Array.from({ length: 100 }, (_, i) => ({
    op: 'create',
    data: { title: `Below ${i}`, parent_id: top.id }
  }))
  t.equal((await run(ann, operations)).statusCode, 200)
  t.equal((await run(ann, operations)).statusCode, 200)
  t.match((await run(ann, operations)).json(), { status: 400 })
  const read = await ann.get(`/api/v1/tasks/${top.id}?include_subtasks=true`)
  t.strictSame(read.json().subtasks, { total: 200, done: 0 })
  t.strictSame(await treeViolations(db), [])
})

t.test('a batch gives tasks away with a history of bounded length', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(bob, { editor: ann })
  const [first, second] = [
    await ann.create({ title: 'First' }),
    await ann.create({ title: 'Second' })
  ]
  await db.execute(sql`UPDATE tasks SET comment_count = 25000 WHERE owner_id = ${ann.user.id}`)
  const move = ({ id }: Task) => ({ op: 'update', id, data: { project_id: project.id } })
  const refused = await run(ann, [move(first), move(second)])
  t.equal(refused.statusCode, 409)
  t.match(refused.json(), { code: 'history_too_long', detail: /50000 events and comments/ })
  t.match((await ann.read(first)).json(), { project_id: null, version: 1 })
  t.equal((await run(ann, [move(first)])).statusCode, 200)
})

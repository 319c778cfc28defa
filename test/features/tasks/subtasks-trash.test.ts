import { sql } from 'drizzle-orm'
import t from 'tap'
import { purgeTasks } from '../../../src/features/tasks/trash.ts'
import { createProject, deleteProject, projectUrl, titlesIn } from '../../support/projects.ts'
import { createBelow, insertBelow, treeViolations } from '../../support/subtasks.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { db, events, signUp } = await createTestApp(t)
const list = async (who: Person, query = '') =>
  titlesIn(await who.get(`/api/v1/tasks?sort=title_asc&${query}`))
const trash = (who: Person, query = '') => list(who, `deleted=only&${query}`)

/** A task with two subtasks, of which the first has one itself. */
async function family(who: Person, more = {}) {
  const top = await who.create({ title: 'a', ...more })
  const [one, two] = await createBelow(who, top, ['b', 'c'])
  const [below] = await createBelow(who, one as never, ['d'])
  if (!one || !two || !below) {
    throw new Error('there is no family')
  }
  return { top, one, two, below }
}

t.test('a task goes into the trash with all below it and comes back with just that', async (t) => {
  const ann = await signUp()
  const { top, one, two, below } = await family(ann)
  const [before] = await createBelow(ann, top, ['before'])
  await ann.remove(before as never)
  t.equal((await ann.remove(top, 2)).statusCode, 412, 'If-Match is about the task itself')
  t.strictSame(await list(ann), ['a', 'b', 'c', 'd'])
  t.equal((await ann.remove(top, 1)).statusCode, 204)
  t.strictSame(await list(ann), [])
  t.strictSame(await trash(ann), ['a', 'b', 'before', 'c', 'd'])
  for (const task of [top, one, two, below]) {
    t.equal((await ann.read(task)).statusCode, 404)
    t.strictSame(await events.of(task), ['task.created', 'task.deleted'])
  }
  t.match((await ann.restore(top)).json(), { id: top.id, version: 3, deleted_at: null })
  t.strictSame(await list(ann), ['a', 'b', 'c', 'd'])
  t.match((await ann.read(below)).json(), { parent_id: one.id, version: 3 })
  t.strictSame(await events.of(below), ['task.created', 'task.deleted', 'task.restored'])
  t.strictSame(await trash(ann), ['before'])
  const back = (await ann.restore(before as never)).json()
  t.equal(back.parent_id, top.id, 'its parent is there again')
  t.strictSame(await treeViolations(db), [])
})

t.test('finishing a task changes nothing below it', async (t) => {
  const ann = await signUp()
  const { top, one } = await family(ann)
  await ann.patch(top, { status: 'done' })
  t.match((await ann.read(one)).json(), { status: 'todo', version: 1 })
  t.strictSame(await events.of(one), ['task.created'])
})

t.test('a subtask whose parent is gone comes back at the top level, with its own', async (t) => {
  const ann = await signUp()
  const { top, one, two, below } = await family(ann)
  await ann.remove(top)
  const restored = (await ann.restore(one)).json()
  t.match(restored, { parent_id: null, deleted_at: null })
  t.match((await ann.read(below)).json(), { parent_id: one.id }, 'it went together with it')
  const { data } = (await ann.get(`/api/v1/tasks/${one.id}/events`)).json()
  t.match(data[0], {
    type: 'task.restored',
    changes: [{ field: 'parent_id', before: top.id, after: null }]
  })
  t.strictSame(await list(ann), ['b', 'd'])
  await ann.restore(top)
  t.strictSame(await list(ann), ['a', 'b', 'c', 'd'])
  t.match((await ann.read(two)).json(), { parent_id: top.id })
  t.match((await ann.read(one)).json(), { parent_id: null })

  await ann.remove(two)
  await ann.patch(top, { parent_id: one.id })
  await insertBelow(db, top, 200)
  t.match((await ann.restore(two)).json(), { parent_id: null }, 'its parent has 200 others')
  t.strictSame(await treeViolations(db), [])
})

t.test('a subtask that would be too deep comes back at the top level', async (t) => {
  const ann = await signUp()
  const { top, one, below } = await family(ann)
  await ann.remove(one)
  const upper = await ann.create({ title: 'upper' })
  t.equal((await ann.patch(top, { parent_id: upper.id })).statusCode, 200)
  t.match((await ann.restore(one)).json(), { parent_id: null })
  t.match((await ann.read(below)).json(), { parent_id: one.id })
  t.strictSame(await treeViolations(db), [])
})

t.test('the trash of a project and of its tasks are kept apart', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const { top, one, two } = await family(ann, { project_id: project.id })
  await ann.remove(one)
  await deleteProject(ann, project)
  await ann.send({ method: 'POST', url: projectUrl(project, '/restore') })
  const query = `project_id=${project.id}`
  t.strictSame(await list(ann, query), ['a', 'c'])
  t.strictSame(await trash(ann, query), ['b', 'd'])
  t.match((await ann.restore(one)).json(), { parent_id: top.id })
  t.strictSame(await list(ann, query), ['a', 'b', 'c', 'd'])
  await ann.remove(top)
  await deleteProject(ann, project)
  await ann.send({ method: 'POST', url: projectUrl(project, '/restore') })
  t.strictSame(await list(ann, query), [])
  await ann.restore(top)
  t.strictSame(await list(ann, query), ['a', 'b', 'c', 'd'])
  t.match((await ann.read(two)).json(), { parent_id: top.id })
  t.strictSame(await treeViolations(db), [])
})

t.test(
  'what comes back with its project is below no task that was deleted meanwhile',
  async (t) => {
    const ann = await signUp()
    const project = await createProject(ann)
    const { top, one } = await family(ann, { project_id: project.id })
    await deleteProject(ann, project)
    // As when the parent had come back before its subtasks, and was deleted then.
    await db.execute(sql`UPDATE tasks SET deleted_with = NULL WHERE id = ${top.id}`)
    await ann.send({ method: 'POST', url: projectUrl(project, '/restore') })
    t.match((await ann.read(one)).json(), { parent_id: null })
    t.equal((await ann.read(top)).statusCode, 404)
    t.strictSame(await treeViolations(db), [])
  }
)

t.test(
  'emptying the personal list takes trees whole, each of which comes back whole',
  async (t) => {
    const ann = await signUp()
    const project = await createProject(ann)
    await family(ann, { project_id: project.id })
    const { top, below } = await family(ann)
    const many = await ann.create({ title: 'many' })
    await insertBelow(db, many, 200)
    const deleted = await ann.send({ method: 'DELETE', url: '/api/v1/tasks?confirm=all' })
    t.equal(deleted.json().deleted, 205)
    t.strictSame(await list(ann), ['a', 'b', 'c', 'd'], 'tasks of projects stay')
    t.strictSame(await events.of(below), ['task.created', 'task.deleted'])
    await ann.restore(top)
    t.strictSame(await list(ann, 'personal=true'), ['a', 'b', 'c', 'd'])
    await ann.restore(many)
    const { total } = (await ann.get('/api/v1/tasks?personal=true&include_total=true')).json()
      .pagination
    t.equal(total, 205)
    t.strictSame(await treeViolations(db), [])
  }
)

t.test('emptying takes as many steps as large trees need', async (t) => {
  const ann = await signUp()
  for (const title of ['1', '2', '3']) {
    const top = await ann.create({ title })
    for (const middle of await createBelow(ann, top, ['a', 'b', 'c', 'd'])) {
      await insertBelow(db, middle, 200)
    }
  }
  const deleted = await ann.send({ method: 'DELETE', url: '/api/v1/tasks?confirm=all' })
  t.equal(deleted.json().deleted, 3 * 805)
  t.strictSame(await list(ann), [])
  t.strictSame(await treeViolations(db), [])
})

t.test('a purge takes a tree, and leaves what came back', async (t) => {
  const ann = await signUp()
  const { top, one, two, below } = await family(ann)
  await ann.remove(top)
  await ann.restore(two)
  await db.execute(sql`
    UPDATE tasks SET deleted_at = now() - interval '40 days'
    WHERE owner_id = ${ann.user.id} AND deleted_at IS NOT NULL`)
  await purgeTasks(db, 30)
  for (const task of [top, one, below]) {
    t.strictSame((await events.of(task)).at(-1), 'task.purged')
    t.equal((await ann.restore(task)).statusCode, 404)
  }
  t.strictSame(await list(ann, 'deleted=include'), ['c'])
  t.match((await ann.read(two)).json(), { parent_id: null })
})

t.test('a restored tree obeys the quota as a whole', async (t) => {
  const { signUp: signUpHere } = await createTestApp(t, { env: { MAX_TASKS_PER_USER: '5' } })
  const ann = await signUpHere()
  const { top } = await family(ann)
  await ann.remove(top)
  await ann.create({ title: 'x' })
  await ann.create({ title: 'y' })
  t.match((await ann.restore(top)).json(), { status: 403, code: 'quota_exceeded' })
  t.strictSame(await list(ann), ['x', 'y'])
})

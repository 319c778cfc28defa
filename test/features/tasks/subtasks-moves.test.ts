import t from 'tap'
import { createProject, projectWith, titlesIn } from '../../support/projects.ts'
import { createBelow, faultsOf, insertBelow, treeViolations } from '../../support/subtasks.ts'
import { createTestApp } from '../../support/test-app.ts'

const { db, events, signUp } = await createTestApp(t, { env: { DIRECTORY: 'all' } })

t.test('a task moves with all below it, each with its event, and keeps its links', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const top = await bob.create({ title: 'a' })
  const [sub] = await createBelow(bob, top, ['b'])
  const [below] = await createBelow(bob, sub as never, ['c'])
  t.equal((await bob.patch(top, { project_id: project.id })).statusCode, 200)
  t.strictSame(titlesIn(await ann.get(`/api/v1/tasks?sort=title_asc&project_id=${project.id}`)), [
    'a',
    'b',
    'c'
  ])
  t.match((await ann.read(below as never)).json(), {
    owner_id: ann.user.id,
    created_by: bob.user.id,
    project_id: project.id,
    parent_id: sub?.id,
    version: 2
  })
  t.match((await ann.get(`/api/v1/tasks/${below?.id}/events`)).json().data, [
    {
      type: 'task.updated',
      actor_id: bob.user.id,
      changes: [
        { field: 'owner_id', before: bob.user.id, after: ann.user.id },
        { field: 'project_id', before: null, after: project.id }
      ]
    },
    { type: 'task.created' }
  ])
  const back = await bob.patch(top, { project_id: null })
  t.match(back.json(), { owner_id: bob.user.id, parent_id: null })
  t.match((await bob.read(sub as never)).json(), { owner_id: bob.user.id, parent_id: top.id })
  t.equal((await ann.read(below as never)).statusCode, 404)
  t.strictSame(await treeViolations(db), [])
})

t.test('a subtask that moves by itself leaves its parent', async (t) => {
  const ann = await signUp()
  const [here, there] = [await createProject(ann), await createProject(ann, 'There')]
  const top = await ann.create({ title: 'Top', project_id: here.id })
  const [sub] = await createBelow(ann, top, ['Sub'])
  const moved = await ann.patch(sub as never, { project_id: there.id })
  t.match(moved.json(), { project_id: there.id, parent_id: null, version: 2 })
  t.match((await ann.get(`/api/v1/tasks/${sub?.id}/events`)).json().data[0].changes, [
    { field: 'parent_id', before: top.id, after: null },
    { field: 'project_id', before: here.id, after: there.id }
  ])
  const again = await ann.patch(sub as never, { project_id: here.id, parent_id: top.id })
  t.match(again.json(), { project_id: here.id, parent_id: top.id })
  t.strictSame(
    faultsOf(await ann.patch(sub as never, { project_id: there.id, parent_id: top.id })),
    { status: 400, errors: ['/parent_id other_list'] },
    'it cannot stay below a task of another project'
  )
  t.strictSame(await treeViolations(db), [])
})

t.test('nothing moves where somebody below is assigned to a stranger', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await createProject(ann)
  const top = await ann.create({ title: 'Top' })
  const sub = await ann.create({ title: 'Sub', parent_id: top.id, assignee_id: bob.user.id })
  const refused = await ann.patch(top, { project_id: project.id })
  t.match(refused.json(), { status: 400, code: 'not_a_member' })
  t.match(refused.json().detail, bob.user.id)
  t.match((await ann.read(top)).json(), { project_id: null, version: 1 })
  t.strictSame(await events.of(sub), ['task.created'])
})

t.test('a tree that moves needs room in the quota of its new owner', async (t) => {
  const app = await createTestApp(t, { env: { DIRECTORY: 'all', MAX_TASKS_PER_USER: '3' } })
  const [ann, bob] = [await app.signUp(), await app.signUp()]
  const project = await projectWith(ann, { editor: bob })
  await ann.create({ title: 'x' })
  const top = await bob.create({ title: 'a' })
  await createBelow(bob, top, ['b', 'c'])
  t.match((await bob.patch(top, { project_id: project.id })).json(), { code: 'quota_exceeded' })
  t.match((await bob.read(top)).json(), { version: 1 })
  t.strictSame(await treeViolations(app.db), [])
})

t.test('the largest tree moves, is deleted and restored as one', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const top = await bob.create({ title: 'Top' })
  for (const middle of await createBelow(bob, top, ['a', 'b', 'c', 'd', 'e'])) {
    await insertBelow(db, middle, middle.title === 'a' ? 195 : 200)
  }
  const total = async () =>
    (await ann.get(`/api/v1/tasks?include_total=true&project_id=${project.id}`)).json().pagination
      .total
  t.equal((await bob.patch(top, { project_id: project.id })).statusCode, 200)
  t.equal(await total(), 1001)
  t.equal((await ann.remove(top)).statusCode, 204)
  t.equal(await total(), 0)
  t.equal((await ann.restore(top)).statusCode, 200)
  t.equal(await total(), 1001)
  t.strictSame(await treeViolations(db), [])
})

t.test('a project that changes its owner keeps its trees', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const top = await ann.create({ title: 'Top', project_id: project.id })
  const [sub, gone] = await createBelow(ann, top, ['Sub', 'Gone'])
  await ann.remove(gone as never)
  const url = `/api/v1/projects/${project.id}/transfer`
  t.equal((await ann.post(url, { user_id: bob.user.id })).statusCode, 200)
  t.match((await bob.read(sub as never)).json(), { owner_id: bob.user.id, parent_id: top.id })
  t.match((await bob.restore(gone as never)).json(), { parent_id: top.id })
  t.strictSame(await treeViolations(db), [])
})

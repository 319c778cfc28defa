import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { createProject, projectWith, titlesIn } from '../../support/projects.ts'
import { createBelow, faultsOf, insertBelow, treeViolations } from '../../support/subtasks.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { db, events, signUp } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const refused = (code: string) => ({ status: 400, errors: [`/parent_id ${code}`] })
const make = (who: Person, payload: object) => who.post('/api/v1/tasks', payload)

t.test('a subtask names its parent, in every answer and in its history', async (t) => {
  const ann = await signUp()
  const [top, other] = [await ann.create({ title: 'Top' }), await ann.create({ title: 'Other' })]
  t.equal(top.parent_id, null)
  const sub = await ann.create({ title: 'Sub', parent_id: top.id.toUpperCase() })
  t.equal(sub.parent_id, top.id)
  t.equal((await ann.read(sub)).json().parent_id, top.id)
  t.equal((await ann.read(top)).json().version, 1, 'a parent is not changed by a new subtask')

  const moved = await ann.patch(sub, { parent_id: other.id, title: 'New' }, 1)
  t.match(moved.json(), { parent_id: other.id, version: 2 })
  const lifted = await ann.patch(sub, { parent_id: null })
  t.match(lifted.json(), { parent_id: null, version: 3 })
  t.match((await ann.patch(sub, { parent_id: null })).json(), { version: 3 }, 'no change')
  const { data } = (await ann.get(`/api/v1/tasks/${sub.id}/events`)).json()
  t.strictSame(data[0].changes, [{ field: 'parent_id', before: other.id, after: null }])
  t.match(data[1].changes, [
    { field: 'title', before: 'Sub', after: 'New' },
    { field: 'parent_id', before: top.id, after: other.id }
  ])

  const { title, description, status, priority, due_date, tags, assignee_id } = sub
  const whole = { title, description, status, priority, due_date, tags, assignee_id }
  t.match((await ann.put(sub, { ...whole, parent_id: top.id })).json(), { parent_id: top.id })
  t.match((await ann.put(sub, { ...whole, title: 'Kept' })).json(), { parent_id: top.id })
  t.strictSame(await treeViolations(db), [])
})

t.test('a new subtask is in the project of its parent, unless it says to be in none', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const top = await ann.create({ title: 'Top', project_id: project.id })
  const within = await make(ann, { title: 'Sub', parent_id: top.id })
  t.match(within.json(), { project_id: project.id })
  const personal = { title: 'Private', parent_id: top.id, project_id: null }
  t.strictSame(faultsOf(await make(ann, personal)), refused('other_list'))
  const operations = [{ op: 'create', data: personal }]
  const { results } = (await ann.post('/api/v1/task-batches', { operations, atomic: false })).json()
  t.match(results, [{ status: 400, problem: { errors: [{ code: 'other_list' }] } }])
  t.equal((await ann.get('/api/v1/tasks?q=private')).json().data.length, 0)
})

t.test('a parent is a live task that one sees, in the same list', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const [here, there] = [await createProject(ann), await createProject(ann, 'There')]
  const personal = await ann.create({ title: 'Personal' })
  const inHere = await ann.create({ title: 'Here', project_id: here.id })
  const gone = await ann.create({ title: 'Gone' })
  await ann.remove(gone)
  const hers = await bob.create({ title: 'Assigned', assignee_id: ann.user.id })
  const hidden = await bob.create({ title: 'Hidden' })
  const task = await ann.create({ title: 'Task' })
  for (const [parent_id, code] of [
    [uuidv7(), 'unknown_parent'],
    [hidden.id, 'unknown_parent'],
    [gone.id, 'unknown_parent'],
    [hers.id, 'other_list']
  ] as const) {
    t.strictSame(faultsOf(await make(ann, { title: 'x', parent_id })), refused(code), code)
    t.strictSame(faultsOf(await ann.patch(task, { parent_id })), refused(code), code)
  }
  t.strictSame(faultsOf(await ann.patch(task, { parent_id: inHere.id })), refused('other_list'))
  t.strictSame(
    faultsOf(await make(ann, { title: 'x', parent_id: inHere.id, project_id: there.id })),
    refused('other_list')
  )
  t.strictSame(
    faultsOf(await make(ann, { title: 'x', parent_id: personal.id, project_id: here.id })),
    refused('other_list')
  )
  t.strictSame(faultsOf(await ann.patch(task, { parent_id: 'x' })).status, 400)

  const inherits = await ann.create({ title: 'Inherits', parent_id: inHere.id })
  t.match(inherits, { project_id: here.id, parent_id: inHere.id })
  const both = await ann.create({ title: 'Both', parent_id: inHere.id, project_id: here.id })
  t.equal(both.project_id, here.id)
  const moved = await ann.patch(task, { parent_id: inHere.id, project_id: here.id })
  t.match(moved.json(), { parent_id: inHere.id, project_id: here.id })
  t.strictSame(await events.of(hers), ['task.created'])
  t.strictSame(await treeViolations(db), [])
})

t.test('whoever may edit the tasks of a project may put them below each other', async (t) => {
  const [ann, bob, eve, boss] = [
    await signUp(),
    await signUp(),
    await signUp(),
    await signUp('manager')
  ]
  const project = await projectWith(ann, { editor: bob, viewer: eve })
  const [top, task] = [
    await ann.create({ title: 'Top', project_id: project.id }),
    await ann.create({ title: 'Task', project_id: project.id, assignee_id: eve.user.id })
  ]
  t.equal((await make(eve, { title: 'x', parent_id: top.id })).statusCode, 403)
  t.equal((await eve.patch(task, { parent_id: top.id })).statusCode, 403)
  const made = await bob.create({ title: 'Made', parent_id: top.id })
  t.match(made, { owner_id: ann.user.id, created_by: bob.user.id, project_id: project.id })
  t.equal((await bob.patch(task, { parent_id: top.id })).statusCode, 200)
  t.equal((await boss.patch(task, { parent_id: null })).statusCode, 200)
  const [own, below] = [await ann.create({ title: 'a' }), await ann.create({ title: 'b' })]
  t.equal((await boss.patch(below, { parent_id: own.id })).statusCode, 200)
  t.strictSame(faultsOf(await make(boss, { title: 'x', parent_id: own.id })), refused('other_list'))
  await ann.send({
    method: 'PATCH',
    url: `/api/v1/projects/${project.id}`,
    payload: { archived: true }
  })
  t.equal((await make(bob, { title: 'x', parent_id: top.id })).statusCode, 409)
  t.equal((await bob.patch(task, { parent_id: top.id })).statusCode, 409)
})

t.test('subtasks go three levels deep and never in a circle', async (t) => {
  const ann = await signUp()
  const top = await ann.create({ title: '1' })
  const [second] = await createBelow(ann, top, ['2'])
  const [third] = await createBelow(ann, second as never, ['3'])
  if (!second || !third) {
    throw new Error('no subtasks')
  }
  t.strictSame(faultsOf(await make(ann, { title: '4', parent_id: third.id })), refused('too_deep'))
  for (const parent of [top, second, third]) {
    t.strictSame(faultsOf(await ann.patch(top, { parent_id: parent.id })), refused('cycle'))
  }
  t.strictSame(faultsOf(await ann.patch(second, { parent_id: third.id })), refused('cycle'))
  const other = await ann.create({ title: 'other' })
  const [below] = await createBelow(ann, other, ['below'])
  t.strictSame(faultsOf(await ann.patch(other, { parent_id: second.id })), refused('too_deep'))
  t.strictSame(faultsOf(await ann.patch(top, { parent_id: other.id })), refused('too_deep'))
  t.equal((await ann.patch(other, { parent_id: top.id })).statusCode, 200, 'two levels below one')
  t.strictSame(faultsOf(await ann.patch(third, { parent_id: below?.id })), refused('too_deep'))
  t.equal((await ann.patch(third, { parent_id: other.id })).statusCode, 200)
  t.strictSame(await treeViolations(db), [])
})

t.test('a task has up to 200 subtasks, and a tree up to 1 000 below its top', async (t) => {
  const ann = await signUp()
  const [top, lone] = [await ann.create({ title: 'Top' }), await ann.create({ title: 'Lone' })]
  await insertBelow(db, top, 199)
  const last = await ann.create({ title: '200', parent_id: top.id })
  t.strictSame(
    faultsOf(await make(ann, { title: '201', parent_id: top.id })),
    refused('too_many_subtasks')
  )
  t.strictSame(faultsOf(await ann.patch(lone, { parent_id: top.id })), refused('too_many_subtasks'))
  await ann.remove(last)
  t.equal((await ann.patch(lone, { parent_id: top.id })).statusCode, 200)

  const large = await ann.create({ title: 'Large' })
  const middles = await createBelow(ann, large, ['a', 'b', 'c', 'd', 'e'])
  for (const middle of middles) {
    await insertBelow(db, middle, middle === middles[0] ? 195 : 200)
  }
  t.strictSame(
    faultsOf(await make(ann, { title: 'x', parent_id: large.id })),
    refused('too_many_subtasks')
  )
  t.equal(
    (await ann.patch(middles[1] as never, { parent_id: null })).statusCode,
    200,
    'with its 200'
  )
  t.equal((await ann.patch(middles[1] as never, { parent_id: large.id })).statusCode, 200)
  t.strictSame(await treeViolations(db), [])
})

t.test('lists, statistics and exports take parent_id and top_level', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const top = await ann.create({ title: 'a', project_id: project.id })
  const [sub] = await createBelow(ann, top, ['b', 'c'])
  await createBelow(ann, sub as never, ['d'])
  const personal = await ann.create({ title: 'e' })
  const [, done] = await createBelow(ann, personal, ['f', 'g'])
  await ann.patch(done as never, { status: 'done' })
  const cases: [string, string[]][] = [
    [`parent_id=${top.id}`, ['b', 'c']],
    [`parent_id=${top.id.toUpperCase()}&project_id=${project.id}`, ['b', 'c']],
    [`parent_id=${personal.id}&completed=true`, ['g']],
    [`parent_id=${uuidv7()}`, []],
    ['top_level=true', ['a', 'e']],
    ['top_level=false', ['b', 'c', 'd', 'f', 'g']],
    [`top_level=true&project_id=${project.id}`, ['a']],
    ['top_level=true&personal=true', ['e']]
  ]
  for (const [query, wanted] of cases) {
    t.strictSame(titlesIn(await ann.get(`/api/v1/tasks?sort=title_asc&${query}`)), wanted, query)
    t.equal((await ann.get(`/api/v1/task-stats?${query}`)).json().total, wanted.length, query)
    const file = (await ann.get(`/api/v1/task-exports/csv?${query}`)).body
    t.equal(file.trim().split('\r\n').length - 1, wanted.length, query)
  }
  const page = await ann.get(`/api/v1/tasks?limit=1&parent_id=${top.id}`)
  const { next_cursor } = page.json().pagination
  const next = (parent: string) => ann.get(`/api/v1/tasks?${parent}&cursor=${next_cursor}`)
  t.equal((await next(`parent_id=${top.id.toUpperCase()}`)).statusCode, 200)
  t.equal((await next(`parent_id=${personal.id}`)).statusCode, 400)
  t.equal((await next('top_level=false')).statusCode, 400)
  t.equal((await ann.get('/api/v1/tasks?parent_id=x')).statusCode, 400)
})

t.test('include_subtasks counts the live ones directly below, where it is asked for', async (t) => {
  const ann = await signUp()
  const top = await ann.create({ title: 'Top' })
  const [one, two] = await createBelow(ann, top, ['1', '2', '3'])
  await createBelow(ann, one as never, ['below'])
  await ann.patch(two as never, { status: 'done' })
  const [gone] = await createBelow(ann, top, ['gone'])
  await ann.remove(gone as never)
  const read = (await ann.get(`/api/v1/tasks/${top.id}?include_subtasks=true`)).json()
  t.strictSame(read.subtasks, { total: 3, done: 1 })
  t.notOk('subtasks' in (await ann.read(top)).json())
  t.notOk('subtasks' in (await ann.get('/api/v1/tasks')).json().data[0])
  t.notOk('subtasks' in (await ann.get(`/api/v1/tasks/${top.id}?include_subtasks=false`)).json())
  const { data } = (await ann.get('/api/v1/tasks?include_subtasks=true&sort=created_at_asc')).json()
  t.strictSame(
    data.map((task: { subtasks: object }) => task.subtasks),
    [
      { total: 3, done: 1 },
      { total: 1, done: 0 },
      { total: 0, done: 0 },
      { total: 0, done: 0 },
      { total: 0, done: 0 }
    ]
  )
  const known = { 'if-none-match': '"1"' }
  t.equal((await ann.read(top, known)).statusCode, 304)
  const again = await ann.get(`/api/v1/tasks/${top.id}?include_subtasks=true`, known)
  t.match(again, { statusCode: 200, headers: { etag: '"1"' } }, 'subtasks change without it')
  t.equal((await ann.get(`/api/v1/tasks/${top.id}?include_subtask=true`)).statusCode, 400)
})

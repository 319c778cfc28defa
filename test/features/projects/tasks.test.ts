import t from 'tap'
import { createProject, projectUrl, projectWith, titlesIn } from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t, { env: { DIRECTORY: 'all', MAX_TASKS_PER_USER: '50' } })
const list = (who: Person, query = '') => who.get(`/api/v1/tasks?sort=title_asc&${query}`)

t.test('a list shows own and assigned tasks and those of all projects, in one order', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const shared = await projectWith(ann, { editor: bob })
  const own = await createProject(bob, 'Own')
  const hers = await createProject(eve, 'Hers')
  const titles = ['a', 'b', 'c', 'd', 'e', 'f']
  await ann.create({ title: 'a', project_id: shared.id })
  await bob.create({ title: 'b', project_id: own.id, due_date: '2026-01-05' })
  await ann.create({ title: 'c', project_id: shared.id, due_date: '2026-01-01', tags: ['red'] })
  await bob.create({ title: 'd', due_date: '2026-01-03' })
  await eve.create({ title: 'e', assignee_id: bob.user.id, due_date: '2026-01-04' })
  await bob.create({ title: 'f', project_id: shared.id, due_date: '2026-01-02' })
  await eve.create({ title: 'g', project_id: hers.id })
  await ann.create({ title: 'h' })
  t.strictSame(titlesIn(await list(bob)), titles)

  for (const [sort, wanted] of [
    ['title_desc', [...titles].reverse()],
    ['created_at_asc', titles],
    ['due_date_asc', ['c', 'f', 'd', 'e', 'b', 'a']],
    ['due_date_desc', ['b', 'e', 'd', 'f', 'c', 'a']]
  ] as const) {
    const pages: string[] = []
    for (let cursor = ''; ; ) {
      const page = await bob.get(`/api/v1/tasks?limit=1&sort=${sort}${cursor}`)
      pages.push(...titlesIn(page))
      const { next_cursor } = page.json().pagination
      if (next_cursor === null) {
        break
      }
      cursor = `&cursor=${next_cursor}`
    }
    t.strictSame(pages, wanted, sort)
  }

  for (const [query, wanted] of [
    [`project_id=${shared.id}`, ['a', 'c', 'f']],
    [`project_id=${shared.id}&project_id=${own.id.toUpperCase()}`, ['a', 'b', 'c', 'f']],
    [`project_id=${shared.id}&tag=red`, ['c']],
    ['q=c', ['c']],
    ['tag=red', ['c']],
    ['personal=true', ['d', 'e']],
    ['personal=false', ['a', 'b', 'c', 'f']],
    [`created_by=${ann.user.id}`, ['a', 'c']],
    [`created_by=${bob.user.id.toUpperCase()}`, ['b', 'd', 'f']],
    [`assignee_id=${bob.user.id}`, ['e']],
    ['assignee_id=none', ['a', 'b', 'c', 'd', 'f']],
    [`owner_id=${bob.user.id}`, ['b', 'd']],
    ['due_before=2026-01-03', ['c', 'd', 'f']]
  ] as const) {
    t.strictSame(titlesIn(await list(bob, query)), wanted, query)
    t.equal((await bob.get(`/api/v1/task-stats?${query}`)).json().total, wanted.length, query)
    const file = (await bob.get(`/api/v1/task-exports/csv?${query}`)).body
    t.equal(file.trim().split('\r\n').length - 1, wanted.length, query)
    const { total } = (await list(bob, `${query}&include_total=true`)).json().pagination
    t.equal(total, wanted.length, query)
  }
  t.equal((await list(bob, `project_id=${hers.id}`)).statusCode, 404)
  t.equal((await list(bob, `owner_id=${ann.user.id}`)).statusCode, 403)
  t.match((await list(bob, 'assignee_id=nobody')).json(), { errors: [{ pointer: '/assignee_id' }] })
})

t.test('managers list the projects of anybody, and everything of an owner', async (t) => {
  const [ann, boss] = [await signUp(), await signUp('manager')]
  const project = await createProject(ann)
  await ann.create({ title: 'a', project_id: project.id })
  await ann.create({ title: 'b' })
  t.strictSame(titlesIn(await list(boss, `project_id=${project.id}`)), ['a'])
  t.strictSame(titlesIn(await list(boss, `owner_id=${ann.user.id}`)), ['a', 'b'])
  t.strictSame(titlesIn(await list(boss, `owner_id=${ann.user.id}&project_id=${project.id}`)), [
    'a'
  ])
  t.strictSame(titlesIn(await list(boss)), [], 'a manager has no task of their own')
})

t.test('a move writes one version and one event, and a batch moves as well', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const [one, two] = [await bob.create({ title: '1' }), await bob.create({ title: '2' })]
  const moved = await bob.patch(one, { project_id: project.id, title: 'new' }, 1)
  t.match(moved, { statusCode: 200, headers: { etag: '"2"' } })
  t.match((await ann.get(`/api/v1/tasks/${one.id}/events`)).json().data[0], {
    version: 2,
    actor_id: bob.user.id,
    changes: [
      { field: 'title', before: '1', after: 'new' },
      { field: 'owner_id', before: bob.user.id, after: ann.user.id },
      { field: 'project_id', before: null, after: project.id }
    ]
  })
  const batch = await bob.post('/api/v1/task-batches', {
    operations: [
      { op: 'update', id: two.id, data: { project_id: project.id } },
      { op: 'update', id: one.id, data: { project_id: null } },
      { op: 'create', data: { title: '3', project_id: project.id } }
    ]
  })
  t.match(batch.json().results, [
    { status: 200, task: { owner_id: ann.user.id, created_by: bob.user.id } },
    { status: 200, task: { owner_id: bob.user.id, project_id: null } },
    { status: 201, task: { owner_id: ann.user.id, created_by: bob.user.id } }
  ])
  t.strictSame(titlesIn(await list(ann)), ['2', '3'])
})

t.test('the tasks of a project count for its owner', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const creates = (count: number, more = {}) =>
    bob.post('/api/v1/task-batches', {
      operations: Array.from({ length: count }, () => ({
        op: 'create',
        data: { title: 'x', ...more }
      }))
    })
  t.equal((await creates(50)).statusCode, 200)
  t.match((await creates(1)).json(), { code: 'quota_exceeded' })
  t.equal((await creates(49, { project_id: project.id })).statusCode, 200)
  await ann.create({ title: 'the last' })
  const [task] = (await list(bob, 'personal=true&limit=1')).json().data
  for (const refused of [
    await bob.post('/api/v1/tasks', { title: 'x', project_id: project.id }),
    await bob.patch(task, { project_id: project.id }),
    await creates(1, { project_id: project.id })
  ]) {
    t.match(refused.json(), { status: 403, code: 'quota_exceeded' })
  }
  t.equal((await bob.post(projectUrl(project, '/restore'))).statusCode, 403)
})

t.test('deleting all tasks leaves those of projects alone', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  await ann.create({ title: 'kept', project_id: project.id })
  await ann.create({ title: 'personal' })
  const deleted = await ann.send({ method: 'DELETE', url: '/api/v1/tasks?confirm=all' })
  t.strictSame(deleted.json(), { deleted: 1 })
  t.strictSame(titlesIn(await list(ann)), ['kept'])
})

import t from 'tap'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import {
  createProject,
  deleteProject,
  namesIn,
  patchProject,
  projectUrl,
  projectWith,
  titlesIn
} from '../../support/projects.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, events, db } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const NOBODY = '019f2f6e-7c1a-7eee-8eee-0123456789ab'

t.test('a project is created with its defaults, read, changed and listed', async (t) => {
  const ann = await signUp()
  const created = await ann.post('/api/v1/projects', { name: '  Küche  ', color: '#2F6FDE' })
  const project = created.json()
  t.match(created, {
    statusCode: 201,
    headers: { etag: '"1"', location: `/api/v1/projects/${project.id}` }
  })
  t.strictSame(
    { ...project, created_at: null, updated_at: null },
    {
      id: project.id,
      owner_id: ann.user.id,
      name: 'Küche',
      description: null,
      color: '#2f6fde',
      archived: false,
      role: 'owner',
      version: 1,
      created_at: null,
      updated_at: null,
      deleted_at: null
    }
  )
  t.equal((await ann.get(projectUrl(project), { 'if-none-match': '"1"' })).statusCode, 304)
  const changed = await patchProject(ann, project, { description: 'New', color: null })
  t.match(changed.json(), { description: 'New', color: null, version: 2 })
  t.equal((await patchProject(ann, project, { description: 'New' })).json().version, 2)
  t.match((await patchProject(ann, project, { name: 'x' }, { 'if-match': '"1"' })).json(), {
    status: 412,
    current_version: 2
  })
  t.equal((await ann.get(projectUrl({ id: NOBODY }))).statusCode, 404)
  t.strictSame(
    (await auditEntries(db)).filter((it) => it.subject_id === project.id).map(summarize),
    ['project.created', 'project.updated']
  )
})

t.test(
  'a project can have an id of its creator, once, whoever asks at the same time',
  async (t) => {
    const people = await Promise.all([signUp(), signUp(), signUp(), signUp()])
    const id = '019F2F6E-7C1A-7EEE-8EEE-0123456789AC'
    const answers = await Promise.all(
      people.map((who) => who.post('/api/v1/projects', { id, name: 'x' }))
    )
    t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [201, 409, 409, 409])
    t.equal(answers.find(({ statusCode }) => statusCode === 201)?.json().id, id.toLowerCase())
  }
)

t.test('lists of projects are sorted, searched, paged and bound to their filter', async (t) => {
  const ann = await signUp()
  for (const name of ['Zimmer', 'äpfel', 'Bad', 'apfel 2']) {
    await createProject(ann, name)
  }
  const list = (query: string) => ann.get(`/api/v1/projects?${query}`)
  t.strictSame(namesIn(await list('')), ['äpfel', 'apfel 2', 'Bad', 'Zimmer'])
  t.strictSame(namesIn(await list('sort=name_desc&limit=2')), ['Zimmer', 'Bad'])
  t.strictSame(namesIn(await list('sort=created_at_desc')), ['apfel 2', 'Bad', 'äpfel', 'Zimmer'])
  t.strictSame(namesIn(await list('q=APFEL')), ['äpfel', 'apfel 2'])
  const first = await list('limit=3')
  const { next_cursor } = first.json().pagination
  t.strictSame(namesIn(await list(`limit=3&cursor=${next_cursor}`)), ['Zimmer'])
  const spelt = `limit=3&archived=exclude&scope=mine&deleted=exclude&cursor=${next_cursor}`
  t.strictSame(namesIn(await list(spelt)), ['Zimmer'], 'what is meant anyway may be written')
  t.match((await list(`limit=3&q=a&cursor=${next_cursor}`)).json(), {
    errors: [{ code: 'bad_cursor' }]
  })
  t.equal((await list('scope=all')).statusCode, 403)
})

t.test('an archived project can be read, and nothing in it changes', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const task = await ann.create({ title: 'x', project_id: project.id })
  const outside = await ann.create({ title: 'mine' })
  await patchProject(ann, project, { archived: true })
  t.equal((await bob.read(task)).statusCode, 200)
  const batch = (operation: object) => bob.post('/api/v1/task-batches', { operations: [operation] })
  for (const refused of [
    await bob.patch(task, { title: 'y' }),
    await ann.patch(task, { title: 'y' }),
    await ann.patch(task, { project_id: null }),
    await ann.patch(task, { assignee_id: bob.user.id }),
    await ann.remove(task),
    await ann.patch(outside, { project_id: project.id }),
    await ann.post('/api/v1/tasks', { title: 'z', project_id: project.id }),
    await batch({ op: 'update', id: task.id, data: { title: 'y' } }),
    await batch({ op: 'create', data: { title: 'y', project_id: project.id } })
  ]) {
    t.match(refused.json(), { status: 409, code: 'project_archived' })
  }
  t.strictSame(await events.of(task), ['task.created'])
  t.strictSame(namesIn(await ann.get('/api/v1/projects')), [])
  t.strictSame(namesIn(await ann.get('/api/v1/projects?archived=only')), ['Kitchen'])
  await patchProject(ann, project, { archived: false })
  t.equal((await bob.patch(task, { title: 'y' })).statusCode, 200)
})

t.test(
  'a project goes into the trash with its tasks, and comes back with exactly those',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const project = await projectWith(ann, { admin: bob })
    const [one, two, gone] = [
      await ann.create({ title: 'one', project_id: project.id }),
      await bob.create({ title: 'two', project_id: project.id }),
      await bob.create({ title: 'gone before', project_id: project.id })
    ]
    await bob.remove(gone)
    t.equal((await deleteProject(ann, project)).statusCode, 204)
    for (const who of [ann, bob]) {
      t.equal((await who.get(projectUrl(project))).statusCode, 404)
      t.equal((await who.get(projectUrl(project, '/members'))).statusCode, 404)
      t.equal((await patchProject(who, project, { name: 'x' })).statusCode, 404)
      t.equal((await who.read(one)).statusCode, 404)
      t.equal((await who.restore(one)).statusCode, 404)
      t.equal((await who.get(`/api/v1/tasks?project_id=${project.id}`)).statusCode, 404)
      t.strictSame(titlesIn(await who.get('/api/v1/tasks?deleted=include')), [])
    }
    t.equal((await deleteProject(ann, project)).statusCode, 404)
    t.strictSame(namesIn(await ann.get('/api/v1/projects?deleted=only')), ['Kitchen'])
    t.strictSame(namesIn(await bob.get('/api/v1/projects?deleted=only')), [])
    t.equal((await bob.post(projectUrl(project, '/restore'))).statusCode, 404)

    const restored = await ann.post(projectUrl(project, '/restore'))
    t.match(restored.json(), { deleted_at: null, version: 3 })
    t.equal((await ann.post(projectUrl(project, '/restore'))).json().version, 3)
    t.strictSame(titlesIn(await bob.get('/api/v1/tasks?sort=title_asc')), ['one', 'two'])
    t.strictSame(titlesIn(await bob.get('/api/v1/tasks?deleted=only')), ['gone before'])
    t.strictSame(await events.of(two), ['task.created', 'task.deleted', 'task.restored'])
    t.strictSame(await events.of(gone), ['task.created', 'task.deleted'])
  }
)

t.test('a transfer gives a member the project and its tasks with their history', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const mine = await ann.create({ title: 'by ann', project_id: project.id })
  const his = await bob.create({ title: 'by bob', project_id: project.id })
  const outside = await ann.create({ title: 'personal' })
  const transfer = (user_id: string) => ann.post(projectUrl(project, '/transfer'), { user_id })
  t.match((await transfer(eve.user.id)).json(), { status: 400, code: 'not_a_member' })
  t.match((await transfer(bob.user.id.toUpperCase())).json(), {
    owner_id: bob.user.id,
    role: 'admin'
  })
  for (const [task, created_by] of [
    [mine, ann.user.id],
    [his, bob.user.id]
  ] as const) {
    t.match((await ann.read(task)).json(), { owner_id: bob.user.id, created_by, version: 2 })
    const history = (await bob.get(`/api/v1/tasks/${task.id}/events`)).json().data
    t.match(history, [
      { changes: [{ field: 'owner_id', before: ann.user.id, after: bob.user.id }] },
      { type: 'task.created' }
    ])
  }
  t.equal((await ann.read(outside)).json().owner_id, ann.user.id)
  const members = (await ann.get(projectUrl(project, '/members'))).json().data
  t.strictSame(
    members.map((it: { user_id: string; role: string }) => [it.user_id, it.role]).sort(),
    [
      [ann.user.id, 'admin'],
      [bob.user.id, 'owner']
    ].sort()
  )
  t.equal((await deleteProject(ann, project)).statusCode, 403)
})

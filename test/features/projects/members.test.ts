import t from 'tap'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import {
  createProject,
  projectUrl,
  projectWith,
  putMember,
  removeMember
} from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db, request } = await createTestApp(t, {
  env: { DIRECTORY: 'all', MAX_PROJECTS_PER_USER: '3' }
})
const NOBODY = '019f2f6e-7c1a-7eee-8eee-0123456789ab'
const membersOf = async (who: Person, project: { id: string }, query = '') =>
  (await who.get(projectUrl(project, `/members${query}`))).json()

t.test('members are listed with names and never with an address, and by pages', async (t) => {
  const ann = await signUp('user', 'ann', { name: 'Ann Lee' })
  const byMail = await request({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: { email: 'carl.long@example.com', password: 'correct horse battery' }
  })
  const bob = await signUp('user', 'bob')
  const project = await projectWith(ann, { editor: bob })
  const put = await ann.send({
    method: 'PUT',
    url: projectUrl(project, `/members/${byMail.json().user.id}`),
    payload: { role: 'viewer' }
  })
  t.match(put.json(), { display_name: 'c…@example.com', username: null, role: 'viewer' })
  const { data, pagination } = await membersOf(bob, project, '?limit=2')
  t.match(data, [
    { user_id: ann.user.id, display_name: 'Ann Lee', username: 'ann', role: 'owner' },
    { user_id: bob.user.id, display_name: 'bob', username: 'bob', role: 'editor' }
  ])
  const rest = await membersOf(bob, project, `?limit=2&cursor=${pagination.next_cursor}`)
  t.match(rest.data, [{ display_name: 'c…@example.com' }])
  t.notMatch(JSON.stringify([data, rest]), /carl/)
})

t.test(
  'people who cannot be seen cannot be added, and those of a project see each other',
  async (t) => {
    const { signUp: signUpHere } = await createTestApp(t)
    const [ann, bob, eve, boss] = [
      await signUpHere('user', 'ann'),
      await signUpHere('user', 'bob'),
      await signUpHere('user', 'eve'),
      await signUpHere('manager')
    ]
    const project = await createProject(ann)
    t.equal((await putMember(ann, project, bob, 'editor')).statusCode, 404)
    await ann.create({ title: 'x', assignee_id: bob.user.id })
    t.equal((await putMember(ann, project, bob, 'editor')).statusCode, 200)
    t.equal((await putMember(ann, project, eve, 'viewer')).statusCode, 404)
    t.equal((await putMember(boss, project, eve, 'viewer')).statusCode, 403)
    await ann.create({ title: 'y', assignee_id: eve.user.id })
    t.equal((await putMember(ann, project, eve, 'viewer')).statusCode, 200)
    const people = async (who: Person, query = '') =>
      (await who.get(`/api/v1/people?${query}`))
        .json()
        .data.map((it: { username: string }) => it.username)
    t.strictSame(await people(bob), ['ann', 'bob', 'eve'], 'members know of each other')
    t.strictSame(await people(bob, `project_id=${project.id}&q=e`), ['eve'])
    t.strictSame(await people(boss, `project_id=${project.id.toUpperCase()}`), [
      'ann',
      'bob',
      'eve'
    ])
    t.strictSame(await people(await signUpHere(), `project_id=${project.id}`), [])
  }
)

t.test('a role is changed, removed and recorded; the owner stays', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await createProject(ann)
  for (const role of ['viewer', 'viewer', 'editor']) {
    t.match((await putMember(ann, project, bob, role)).json(), { role })
  }
  t.equal((await putMember(ann, project, bob, 'owner')).statusCode, 400)
  t.match((await putMember(ann, project, ann, 'viewer')).json(), {
    status: 409,
    code: 'project_owner'
  })
  t.match((await removeMember(ann, project, ann)).json(), { status: 409, code: 'project_owner' })
  t.equal((await removeMember(ann, project, bob)).statusCode, 204)
  t.equal((await removeMember(ann, project, bob)).statusCode, 404)
  t.equal((await bob.get(projectUrl(project))).statusCode, 404)
  const put = await ann.send({
    method: 'PUT',
    url: projectUrl(project, `/members/${NOBODY}`),
    payload: { role: 'viewer' }
  })
  t.equal(put.statusCode, 404)
  t.strictSame(
    (await auditEntries(db)).filter((it) => it.subject_id === project.id).map(summarize),
    ['project.created', 'project_member.added', 'project_member.changed', 'project_member.removed']
  )
})

t.test('who leaves a project sees it no more, at once, and is taken off its tasks', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob, viewer: eve })
  const theirs = await ann.create({
    title: 'x',
    project_id: project.id,
    assignee_id: bob.user.id
  })
  const personal = await ann.create({ title: 'y', assignee_id: bob.user.id })
  t.equal((await bob.get('/api/v1/tasks')).json().data.length, 2)
  t.equal((await removeMember(eve, project, bob)).statusCode, 403)
  t.equal((await removeMember(bob, project, bob)).statusCode, 204)
  t.equal((await bob.read(theirs)).statusCode, 404)
  t.strictSame(
    (await bob.get('/api/v1/tasks')).json().data.map(({ id }: { id: string }) => id),
    [personal.id]
  )
  t.match((await ann.read(theirs)).json(), { assignee_id: null, version: 2 })
  const [event] = (await ann.get(`/api/v1/tasks/${theirs.id}/events`)).json().data
  t.match(event, {
    actor_id: bob.user.id,
    changes: [{ field: 'assignee_id', before: bob.user.id, after: null }]
  })
})

t.test('tasks of a project are assigned to those who belong to it', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { viewer: bob })
  const inProject = { title: 'x', project_id: project.id }
  const refusal = { status: 400, code: 'not_a_member', errors: [{ pointer: '/assignee_id' }] }
  t.match(
    (await ann.post('/api/v1/tasks', { ...inProject, assignee_id: eve.user.id })).json(),
    refusal
  )
  const task = await ann.create({ ...inProject, assignee_id: bob.user.id })
  t.match((await ann.patch(task, { assignee_id: eve.user.id })).json(), refusal)
  t.match((await ann.patch(task, { assignee_id: ann.user.id })).json(), {
    assignee_id: ann.user.id
  })
  const personal = await ann.create({ title: 'y', assignee_id: eve.user.id })
  t.match((await ann.patch(personal, { project_id: project.id })).json(), refusal)
  const batch = await ann.post('/api/v1/task-batches', {
    operations: [{ op: 'update', id: personal.id, data: { project_id: project.id } }]
  })
  t.match(batch.json(), {
    code: 'not_a_member',
    errors: [{ pointer: '/operations/0/data/assignee_id' }]
  })
  t.equal((await eve.read(personal)).json().version, 1)
})

t.test('a user owns and joins so many projects, however many ask at the same time', async (t) => {
  const ann = await signUp()
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => ann.post('/api/v1/projects', { name: 'x' }))
  )
  t.equal(answers.filter(({ statusCode }) => statusCode === 201).length, 3)
  t.match(answers.find(({ statusCode }) => statusCode !== 201)?.json(), {
    status: 403,
    code: 'quota_exceeded'
  })
})

import { eq } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { emailsTo } from '../../support/emails.ts'
import {
  answerInvitation,
  createProject,
  deleteProject,
  invite,
  invitePerson,
  openInvitations,
  projectUrl,
  projectWith,
  putMember,
  removeMember,
  titlesIn
} from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db, mail, request } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const root = await signUp('admin')
const transfer = (by: Person, project: { id: string }, to: Person, headers = {}) =>
  by.send({
    method: 'POST',
    url: projectUrl(project, '/transfer'),
    payload: { user_id: to.user.id },
    headers
  })
const setDisabled = (who: Person, disabled: boolean) =>
  root.send({ method: 'PATCH', url: `/api/v1/admin/users/${who.user.id}`, payload: { disabled } })

t.test('a project cannot have the id of a user, whose personal list that names', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  await bob.create({ title: 'secret' })
  for (const { user } of [ann, bob]) {
    const taken = await ann.post('/api/v1/projects', { id: user.id, name: 'x' })
    t.match(taken.json(), { status: 409, code: 'id_taken' })
  }
  t.strictSame(titlesIn(await ann.get('/api/v1/tasks')), [])
  t.equal((await ann.get(`/api/v1/tasks?project_id=${bob.user.id}`)).statusCode, 404)
})

t.test('what a disabled account has invited others to does not revive with it', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { admin: bob })
  const id = await invitePerson(bob, project, eve)
  await setDisabled(bob, true)
  await setDisabled(bob, false)
  t.match((await answerInvitation(eve, id, 'accept')).json(), { code: 'invitation_over' })

  const other = await signUp('admin')
  const invited = await other.post('/api/v1/admin/invitations', {
    email: 'eve@example.com',
    role: 'admin'
  })
  t.equal(invited.statusCode, 201)
  const [token] =
    /invitation_token=[\w-]+/.exec((await emailsTo(mail, 'eve@example.com'))[0]?.text ?? '') ?? []
  await setDisabled(other, true)
  await setDisabled(other, false)
  const signedUp = await request({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: {
      username: 'eve-again',
      password: 'correct horse battery',
      invitation_token: String(token).replace('invitation_token=', '')
    }
  })
  t.match(signedUp.json(), { status: 400, code: 'invalid_invitation' })
})

t.test('who was an admin of a project has left no invitation when they come back', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { admin: bob })
  for (const lower of [
    () => removeMember(ann, project, bob),
    () => putMember(ann, project, bob, 'viewer')
  ]) {
    const id = await invitePerson(bob, project, eve)
    await lower()
    t.equal((await putMember(ann, project, bob, 'admin')).statusCode, 200)
    t.match((await answerInvitation(eve, id, 'accept')).json(), { code: 'invitation_over' })
  }
})

t.test('an admin of a project gives nobody what only its owner may give', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { admin: bob })
  const id = await invitePerson(ann, project, eve, 'admin')
  const again = await invite(bob, project, { username: eve.user.username }, 'viewer')
  t.equal(again.statusCode, 403)
  t.equal((await openInvitations(ann, project)).length, 1, 'that of the owner stays')
  t.equal((await transfer(ann, project, bob)).statusCode, 200)
  t.match((await answerInvitation(eve, id, 'accept')).json(), { code: 'invitation_over' })
})

t.test('an email gets five invitations an hour, whoever sends them', async (t) => {
  const email = 'popular@example.com'
  for (let i = 0; i < 7; i++) {
    const sender = await signUp()
    t.equal((await invite(sender, await createProject(sender), { email })).statusCode, 201)
  }
  t.equal((await emailsTo(mail, email)).length, 5)
})

t.test(
  'a project goes to nobody who cannot log in, and to whom its version was meant for',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const project = await projectWith(ann, { editor: bob })
    t.equal((await transfer(ann, project, bob, { 'if-match': '"7"' })).statusCode, 412)
    await setDisabled(bob, true)
    t.match((await transfer(ann, project, bob)).json(), { status: 400, code: 'not_a_member' })
    await setDisabled(bob, false)
    t.match((await transfer(ann, project, bob, { 'if-match': '"1"' })).json(), {
      owner_id: bob.user.id,
      version: 2
    })
  }
)

t.test('a task moves with an assignee who is disabled, alone and in a batch', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const [from, to] = [
    await projectWith(ann, { editor: bob }),
    await projectWith(ann, { editor: bob })
  ]
  const task = await ann.create({ title: 'x', project_id: from.id, assignee_id: bob.user.id })
  await db.update(users).set({ disabled: true }).where(eq(users.id, bob.user.id))
  t.match((await ann.patch(task, { project_id: to.id })).json(), { project_id: to.id })
  const operations = [{ op: 'update', id: task.id, data: { project_id: from.id } }]
  t.equal((await ann.post('/api/v1/task-batches', { operations })).statusCode, 200)
})

t.test('the history of a task is hidden with its project', async (t) => {
  const [ann, boss] = [await signUp(), await signUp('manager')]
  const project = await createProject(ann)
  const task = await ann.create({ title: 'x', project_id: project.id })
  await deleteProject(ann, project)
  for (const who of [ann, boss]) {
    t.equal((await who.get(`/api/v1/tasks/${task.id}/events`)).statusCode, 404)
  }
  await ann.post(projectUrl(project, '/restore'))
  t.equal((await ann.get(`/api/v1/tasks/${task.id}/events`)).json().data.length, 3)
})

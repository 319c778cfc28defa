import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { invitations } from '../../../src/db/tables/invitations.ts'
import { projectMembers } from '../../../src/db/tables/projects.ts'
import { users } from '../../../src/db/tables/users.ts'
import { emailsTo } from '../../support/emails.ts'
import { tokenIn } from '../../support/links.ts'
import {
  answerInvitation,
  createProject,
  deleteProject,
  invitationsOf,
  invite,
  invitePerson,
  openInvitations,
  projectUrl,
  removeMember,
  withdrawInvitation
} from '../../support/projects.ts'
import { secondInstance } from '../../support/second-instance.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const { signUp, db, mail, database, config, request: open } = await createTestApp(t)
const closed = await secondInstance(t, { database, config: { ...config, REGISTRATION: 'closed' } })
const byInvitation = await secondInstance(t, {
  database,
  config: { ...config, REGISTRATION: 'invite', EMAIL_VERIFICATION: 'required' }
})
const ann = await signUp('user', 'ann')

async function inviteAddress(email: string, project: { id: string }, role = 'editor') {
  const { id } = (await invite(ann, project, { email }, role)).json()
  return { id, invitation_token: tokenIn((await emailsTo(mail, email))[0]) }
}
const register = (payload: object, ask = open) =>
  ask({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: { password: PASSWORD, ...payload }
  })
const asking = (tokens: { access_token: string }) => (url: string) =>
  open({ url, headers: { authorization: `Bearer ${tokens.access_token}` } })

t.test('whoever signs up with the token of a project belongs to it at once', async (t) => {
  for (const [email, ask] of [
    ['open@example.com', open],
    ['invited@example.com', byInvitation]
  ] as const) {
    const project = await createProject(ann)
    const { invitation_token } = await inviteAddress(email, project)
    const response = await register({ email: email.toUpperCase(), invitation_token }, ask)
    t.equal(response.statusCode, 201)
    t.match(response.json().user, { email, email_verified: true, role: 'user' })
    const get = asking(response.json())
    t.match((await get(projectUrl(project))).json(), { role: 'editor' })
    t.strictSame((await get('/api/v1/me/invitations')).json().data, [])
    t.strictSame(await openInvitations(ann, project), [])
    t.equal((await register({ username: 'again', invitation_token })).statusCode, 400)
  }
})

t.test('used with another address, the token of a project confirms nothing', async (t) => {
  const project = await createProject(ann)
  const { invitation_token } = await inviteAddress('one@example.com', project, 'viewer')
  const response = await register({ email: 'two@example.com', invitation_token })
  t.match(response.json().user, { email: 'two@example.com', email_verified: false })
  t.match((await asking(response.json())(projectUrl(project))).json(), { role: 'viewer' })
})

t.test('of those who sign up with one token at the same time one does', async (t) => {
  const project = await createProject(ann)
  const { invitation_token } = await inviteAddress('race@example.com', project)
  const answers = await Promise.all(
    [1, 2, 3, 4].map((n) => register({ username: `race-${n}`, invitation_token }))
  )
  t.strictSame(answers.map(({ statusCode }) => statusCode).toSorted(), [201, 400, 400, 400])
  t.equal(await db.$count(projectMembers, eq(projectMembers.project_id, project.id)), 1)
})

t.test(
  'signing up, accepting and inviting again at the same time do not stand still',
  async (t) => {
    const bob = await signUp('user', 'bob', { email: 'bob@example.com' })
    await db.update(users).set({ email_verified: true }).where(eq(users.id, bob.user.id))
    for (let round = 0; round < 4; round++) {
      const project = await createProject(ann)
      const { id, invitation_token } = await inviteAddress('bob@example.com', project)
      const [registered, accepted, renewed] = await Promise.all([
        register({ username: `new-${round}`, invitation_token }),
        answerInvitation(bob, id, 'accept'),
        invite(ann, project, { email: 'bob@example.com' })
      ])
      t.equal(renewed.statusCode, 201)
      const successes = [registered, accepted].filter(({ statusCode }) => statusCode < 300)
      t.ok(successes.length <= 1)
      const members = await db.$count(projectMembers, eq(projectMembers.project_id, project.id))
      t.equal(members, successes.length)
    }
    await db.update(invitations).set({ created_at: sql`now() - interval '2 hours'` })
  }
)

t.test('a token is void once it was declined or withdrawn, and in a deleted project', async (t) => {
  const kim = await signUp('user', 'kim', { email: 'kim@example.com' })
  await db.update(users).set({ email_verified: true }).where(eq(users.id, kim.user.id))
  const project = await createProject(ann)
  const declined = await inviteAddress('kim@example.com', project)
  await answerInvitation(kim, declined.id, 'decline')
  const withdrawn = await inviteAddress('lea@example.com', project)
  await withdrawInvitation(ann, project, withdrawn.id)
  const deleted = await inviteAddress('max@example.com', project)
  await deleteProject(ann, project)
  for (const { invitation_token } of [declined, withdrawn, deleted]) {
    t.match((await register({ username: 'late', invitation_token })).json(), {
      status: 400,
      code: 'invalid_invitation'
    })
  }
  t.equal(await db.$count(users, eq(users.username, 'late')), 0)
})

t.test('where a project is full, the new account keeps the invitation', async (t) => {
  const project = await createProject(ann)
  const { id, invitation_token } = await inviteAddress('full@example.com', project)
  const ids = Array.from({ length: 500 }, () => uuidv7())
  await db
    .insert(users)
    .values(ids.map((id) => ({ id, username: `u-${id}`, role: 'user' as const })))
  await db.insert(projectMembers).values(
    ids.map((user_id) => ({
      owner_id: ann.user.id,
      project_id: project.id,
      user_id,
      role: 'viewer' as const
    }))
  )
  const response = await register({ username: 'ready', invitation_token })
  t.equal(response.statusCode, 201)
  const get = asking(response.json())
  t.match((await get('/api/v1/me/invitations')).json().data, [{ id }])
  t.equal((await get(projectUrl(project))).statusCode, 404)
  t.equal((await register({ username: 'twice', invitation_token })).statusCode, 400)
  await db.delete(users).where(eq(users.id, ids[0] as string))
  const accepted = await open({
    method: 'POST',
    url: `/api/v1/me/invitations/${id}/accept`,
    headers: { authorization: `Bearer ${response.json().access_token}` }
  })
  t.equal(accepted.statusCode, 200)
})

t.test('where registration is closed, the email of an invitation opens no door', async (t) => {
  const project = await createProject(ann)
  const send = (email: string, ask = closed) =>
    ask({
      method: 'POST',
      url: projectUrl(project, '/invitations'),
      payload: { email, role: 'viewer' },
      headers: { authorization: `Bearer ${ann.access_token}` }
    })
  t.match((await send('shut@example.com')).json(), { invitation_url: null })
  const stored = await db
    .select({ token: invitations.token_hash })
    .from(invitations)
    .where(eq(invitations.email, 'shut@example.com'))
  t.strictSame(stored, [{ token: null }])
})

t.test('without email the link is in the response, and confirms nothing', async (t) => {
  const silent = await secondInstance(t, { database, config: { ...config, EMAIL_ENABLED: false } })
  const project = await createProject(ann)
  const sent = await silent({
    method: 'POST',
    url: projectUrl(project, '/invitations'),
    payload: { email: 'link@example.com', role: 'viewer' },
    headers: { authorization: `Bearer ${ann.access_token}` }
  })
  const invitation_token = tokenIn(sent.json().invitation_url)
  const response = await register({ email: 'link@example.com', invitation_token })
  t.match(response.json().user, { email_verified: false })
  t.match((await asking(response.json())(projectUrl(project))).json(), { role: 'viewer' })
})

t.test('an open invitation shows nobody; once accepted, both know of each other', async (t) => {
  const [eve, fay] = [await signUp('user', 'eve'), await signUp('user', 'fay')]
  const seen = async (who: Person) =>
    (await who.get('/api/v1/people')).json().data.map((it: { username: string }) => it.username)
  const project = await createProject(eve)
  const id = await invitePerson(eve, project, fay)
  t.strictSame(await seen(eve), ['eve'])
  await answerInvitation(fay, id, 'accept')
  t.strictSame(
    [await seen(eve), await seen(fay)],
    [
      ['eve', 'fay'],
      ['eve', 'fay']
    ]
  )
  await removeMember(fay, project, fay)
  t.strictSame(
    [await seen(eve), await seen(fay)],
    [
      ['eve', 'fay'],
      ['eve', 'fay']
    ]
  )
})

t.test(
  'invitations go with the account that sent them, and with the one that got them',
  async (t) => {
    const [gil, hal, ida] = [await signUp(), await signUp(), await signUp()]
    await invitePerson(gil, await createProject(gil), hal)
    await invitePerson(hal, await createProject(hal), ida)
    const sent = sql`invited_by IN (${gil.user.id}, ${hal.user.id})`
    t.equal(await db.$count(invitations, sent), 2)
    const payload = { password: PASSWORD }
    const deleted = await hal.send({ method: 'DELETE', url: '/api/v1/me', payload })
    t.equal(deleted.statusCode, 204)
    t.strictSame(await invitationsOf(ida), [])
    t.equal(await db.$count(invitations, sent), 0)
  }
)

t.test('nobody joins the project of a deleted account', async (t) => {
  const [jan, kay, lou] = [await signUp(), await signUp(), await signUp()]
  const project = await createProject(jan)
  await answerInvitation(kay, await invitePerson(jan, project, kay, 'admin'), 'accept')
  const id = await invitePerson(kay, project, lou)
  const { json } = await invite(kay, project, { email: 'lou@example.net' })
  t.match(json(), { email: 'lou@example.net' })
  const invitation_token = tokenIn((await emailsTo(mail, 'lou@example.net'))[0])
  await db
    .update(users)
    .set({ deleted_at: sql`now()` as never, disabled: true })
    .where(eq(users.id, jan.user.id))
  t.strictSame(await invitationsOf(lou), [])
  t.equal((await answerInvitation(lou, id, 'accept')).statusCode, 404)
  t.equal((await register({ username: 'lou-2', invitation_token })).statusCode, 400)
})

import { and, eq, isNotNull, sql } from 'drizzle-orm'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { invitations } from '../../../src/db/tables/invitations.ts'
import { projectMembers, projects } from '../../../src/db/tables/projects.ts'
import { users } from '../../../src/db/tables/users.ts'
import { purgeInvitations } from '../../../src/features/invitations/queries.ts'
import { emailsTo } from '../../support/emails.ts'
import {
  answerInvitation,
  createProject,
  deleteProject,
  invitationsOf,
  invite,
  invitePerson,
  openInvitations,
  projectUrl,
  projectWith,
  withdrawInvitation
} from '../../support/projects.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db, mail } = await createTestApp(t, {
  env: { DIRECTORY: 'all', MAX_PROJECTS_PER_USER: '3' }
})
const membersOf = (project: { id: string }, who: Person) =>
  db.$count(
    projectMembers,
    and(eq(projectMembers.project_id, project.id), eq(projectMembers.user_id, who.user.id))
  )
const howMany = (count: number) => Array.from({ length: count }, (_, i) => i)
/** As if what has been sent so far had been sent earlier. */
const goBack = () =>
  db.update(invitations).set({ created_at: sql`${invitations.created_at} - interval '61 minutes'` })
/** Fills a project with open invitations. */
async function fill(owner: Person, project: { id: string }, count: number) {
  await db.insert(invitations).values(
    howMany(count).map((i) => ({
      id: uuidv7(),
      username: `guest-${i}`,
      role: 'user' as const,
      confirms_email: false,
      invited_by: owner.user.id,
      project_owner_id: owner.user.id,
      project_id: project.id,
      project_role: 'viewer' as const,
      created_at: sql`now() - interval '2 hours'` as never,
      expires_at: sql`now() + interval '1 day'` as never
    }))
  )
}

t.test('of those who send at the same time twenty an hour get through', async (t) => {
  const ann = await signUp()
  const [one, two] = [await createProject(ann), await createProject(ann)]
  const sent = await Promise.all(
    howMany(26).map((i) => invite(ann, i % 2 ? one : two, { email: `n${i}@example.com` }))
  )
  t.strictSame(countStatuses(sent), { 201: 20, 429: 6 })
  const late = await invite(ann, one, { username: 'late' })
  t.match(late.json(), { code: 'rate_limited', detail: /20 invitations an hour/ })
  t.ok(Number(late.headers['retry-after']) > 3000)
  t.equal((await emailsTo(mail, 'n25@example.com')).length, sent[25]?.statusCode === 201 ? 1 : 0)
  const [open] = await openInvitations(ann, one)
  await withdrawInvitation(ann, one, open.id)
  t.equal((await invite(ann, one, { username: 'late' })).statusCode, 429, 'a withdrawn one counts')
  t.equal((await invite(await signUp('admin'), one, { username: 'late' })).statusCode, 201)
  await goBack()
  t.equal((await invite(ann, one, { username: 'later' })).statusCode, 201)
})

t.test('inviting the same person again is limited, and sends five emails an hour', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const again = () => invite(ann, project, { email: 'same@example.com' })
  const sent = await Promise.all(howMany(22).map(again))
  t.strictSame(countStatuses(sent), { 201: 20, 429: 2 })
  t.equal((await emailsTo(mail, 'same@example.com')).length, 5)
  t.equal((await openInvitations(ann, project)).length, 1)
})

t.test('a project has fifty open invitations, however many send them at once', async (t) => {
  const [ann, admin] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { admin })
  await fill(ann, project, 48)
  const sent = await Promise.all(
    howMany(6).map((i) => invite(i % 2 ? ann : admin, project, { username: `more-${i}` }))
  )
  t.strictSame(countStatuses(sent), { 201: 2, 403: 4 })
  const refused = await invite(ann, project, { username: 'one-more' })
  t.match(refused.json(), { code: 'quota_exceeded', detail: /50 open invitations/ })
  t.equal((await invite(ann, project, { username: 'GUEST-7' })).statusCode, 201, 'one is replaced')
  const [newest] = await openInvitations(ann, project)
  t.equal(newest.username, 'GUEST-7')
  await withdrawInvitation(ann, project, newest.id)
  t.equal((await invite(ann, project, { username: 'one-more' })).statusCode, 201)
})

t.test('both lists go by pages, newest first', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const ids: string[] = []
  for (const _ of howMany(3)) {
    ids.unshift(await invitePerson(ann, await createProject(ann), bob))
  }
  const pages = async (who: Person, url: string) => {
    const first = (await who.get(`${url}?limit=2`)).json()
    const rest = await who.get(`${url}?limit=2&cursor=${first.pagination.next_cursor}`)
    return [...first.data, ...rest.json().data].map(({ id }) => id)
  }
  t.strictSame(await pages(bob, '/api/v1/me/invitations'), ids)
  const project = await createProject(await signUp())
  const owner = await signUp('admin')
  const sent: string[] = []
  for (const i of howMany(3)) {
    sent.unshift((await invite(owner, project, { username: `p-${i}` })).json().id)
  }
  t.strictSame(await pages(owner, projectUrl(project, '/invitations')), sent)
})

t.test('a request that is repeated with its key invites once', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const send = () =>
    ann.send({
      method: 'POST',
      url: projectUrl(project, '/invitations'),
      payload: { email: 'once@example.com', role: 'viewer' },
      headers: { 'idempotency-key': 'once' }
    })
  const [first, second] = [await send(), await send()]
  t.strictSame(second.json(), first.json())
  t.equal((await emailsTo(mail, 'once@example.com')).length, 1)
})

t.test('of those who accept one invitation at the same time one does', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await createProject(ann)
  const id = await invitePerson(ann, project, bob)
  const answers = await Promise.all(howMany(5).map(() => answerInvitation(bob, id, 'accept')))
  t.strictSame(countStatuses(answers), { 200: 1, 409: 4 })
  t.equal(await membersOf(project, bob), 1)
})

t.test('accepting, declining, withdrawing and deleting at once leave one outcome', async (t) => {
  const ann = await signUp()
  for (const round of howMany(6)) {
    const bob = await signUp()
    const [project] = await db.select().from(projects).where(eq(projects.owner_id, ann.user.id))
    const here = round === 0 || !project ? await createProject(ann) : project
    const id = await invitePerson(ann, here, bob)
    const [accepted, declined, withdrawn, renewed] = await Promise.all([
      answerInvitation(bob, id, 'accept'),
      answerInvitation(bob, id, 'decline'),
      withdrawInvitation(ann, here, id),
      invite(ann, here, { username: bob.user.username })
    ])
    const done = [accepted, declined, withdrawn].filter((it) => it.statusCode < 300)
    t.ok(done.length <= 1, 'one answer counts')
    t.equal(renewed.statusCode, 201)
    t.equal(await membersOf(here, bob), accepted.statusCode === 200 ? 1 : 0)
  }
  const [bob, project] = [await signUp(), await createProject(ann)]
  const id = await invitePerson(ann, project, bob)
  const [accepted, deleted] = await Promise.all([
    answerInvitation(bob, id, 'accept'),
    deleteProject(ann, project)
  ])
  t.equal(deleted.statusCode, 204)
  t.ok([200, 404].includes(accepted.statusCode))
  t.equal((await bob.get(projectUrl(project))).statusCode, 404)
})

t.test('whoever belongs to as many projects as one may keeps the invitation', async (t) => {
  const bob = await signUp()
  for (const _ of howMany(3)) {
    await projectWith(await signUp(), { viewer: bob })
  }
  const ann = await signUp()
  const project = await createProject(ann)
  const id = await invitePerson(ann, project, bob)
  t.match((await answerInvitation(bob, id, 'accept')).json(), { code: 'quota_exceeded' })
  t.match(await invitationsOf(bob), [{ id }])
  t.equal(await membersOf(project, bob), 0)
})

t.test('an API key needs the scopes of projects', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await createProject(ann)
  const keyOf = async (who: Person, scope: string) => {
    const expires_at = new Date(Date.now() + 86_400_000).toISOString()
    const made = await who.post('/api/v1/me/api-keys', { name: 'x', scopes: [scope], expires_at })
    return {
      authorization: `Bearer ${made.json().key}`
    }
  }
  const [read, write] = [await keyOf(ann, 'projects:read'), await keyOf(ann, 'projects:write')]
  const url = projectUrl(project, '/invitations')
  const payload = { username: bob.user.username, role: 'viewer' }
  const status = async (options: Parameters<Person['send']>[0]) =>
    (await ann.send(options)).statusCode
  t.equal(await status({ method: 'POST', url, payload, headers: read }), 403)
  t.equal(await status({ method: 'POST', url, payload, headers: write }), 201)
  t.equal(await status({ url, headers: write }), 403)
  t.equal(await status({ url, headers: read }), 200)
  t.equal(await status({ url: '/api/v1/me/invitations', headers: read }), 200)
  t.equal(await status({ url: '/api/v1/me/invitations', headers: write }), 403)
})

t.test('what expired a month ago is deleted, and what has been accepted is kept', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await createProject(ann)
  const accepted = await invitePerson(ann, project, bob)
  await answerInvitation(bob, accepted, 'accept')
  await invite(ann, project, { username: 'nobody' })
  await db.update(invitations).set({ expires_at: sql`now() - interval '31 days'` })
  await purgeInvitations(db)
  const isOfProject = eq(invitations.project_id, project.id)
  t.equal(await db.$count(invitations, isOfProject), 1)
  t.equal(await db.$count(invitations, and(isOfProject, isNotNull(invitations.accepted_at))), 1)
  await db.delete(users).where(eq(users.id, bob.user.id))
  t.equal(await db.$count(invitations, isOfProject), 0, 'as long as the account')
})

t.test('emails to strangers take from what the network of the sender may ask for', async (t) => {
  const h = await createTestApp(t, { env: { RATE_LIMIT: 'on', RATE_LIMIT_EMAILS: '2' } })
  const [ann, bob] = [await h.signUp(), await h.signUp()]
  const [hers, his] = [await createProject(ann), await createProject(bob)]
  t.equal((await invite(ann, hers, { email: 'a@example.com' })).statusCode, 201)
  t.equal((await invite(bob, his, { email: 'b@example.com' })).statusCode, 201)
  const refused = await invite(bob, his, { email: 'c@example.com' })
  t.match(refused, { statusCode: 429, headers: { 'retry-after': '60' } })
  t.strictSame(await emailsTo(h.mail, 'c@example.com'), [])
  t.equal((await openInvitations(bob, his)).length, 1, 'nothing is stored')
  t.equal((await invite(bob, his, { username: 'somebody' })).statusCode, 201)
})

t.test('nobody joins more projects than a user may, however many accept at once', async (t) => {
  const guest = await signUp()
  const projects = []
  for (const _ of howMany(6)) {
    projects.push(await createProject(await signUp()))
  }
  const root = await signUp('admin')
  const added = await Promise.all(
    projects.map((project) =>
      root.send({
        method: 'PUT',
        url: projectUrl(project, `/members/${guest.user.id}`),
        payload: { role: 'viewer' }
      })
    )
  )
  t.strictSame(countStatuses(added), { 200: 3, 403: 3 })
})

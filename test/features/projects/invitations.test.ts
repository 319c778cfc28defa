import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { invitations } from '../../../src/db/tables/invitations.ts'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { emailsTo } from '../../support/emails.ts'
import {
  answerInvitation,
  createProject,
  deleteProject,
  invitationsOf,
  invite,
  invitePerson,
  openInvitations,
  patchProject,
  projectUrl,
  projectWith,
  removeMember,
  withdrawInvitation
} from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db, mail } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const roleOf = async (who: Person, project: { id: string }) =>
  (await who.get(projectUrl(project))).json().role
/** Signs up somebody whose email is confirmed. */
async function withEmail(email: string) {
  const who = await signUp('user', undefined, { email })
  await db.update(users).set({ email_verified: true }).where(eq(users.id, who.user.id))
  return who
}

t.test(
  'whoever is invited by username sees it, accepts it and belongs to the project',
  async (t) => {
    const ann = await signUp('user', 'ann', { name: 'Ann Lee' })
    const [bob, eve] = [await signUp('user', 'bob'), await signUp()]
    const project = await createProject(ann)
    const sent = await invite(ann, project, { username: 'BOB' })
    t.equal(sent.statusCode, 201)
    const { id } = sent.json()
    t.match(await invitationsOf(bob), [
      {
        id,
        project_id: project.id,
        project_name: 'Kitchen',
        role: 'editor',
        invited_by: ann.user.id,
        invited_by_name: 'Ann Lee'
      }
    ])
    t.strictSame(await invitationsOf(eve), [])
    t.equal((await answerInvitation(eve, id, 'accept')).statusCode, 404)
    t.equal((await bob.get(projectUrl(project))).statusCode, 404, 'an invitation shows nothing yet')
    t.match((await answerInvitation(bob, id, 'accept')).json(), { id: project.id, role: 'editor' })
    t.equal(await roleOf(bob, project), 'editor')
    t.strictSame([await invitationsOf(bob), await openInvitations(ann, project)], [[], []])
    t.match((await answerInvitation(bob, id, 'accept')).json(), {
      status: 409,
      code: 'invitation_over'
    })
    t.strictSame(
      (await auditEntries(db)).filter((it) => it.subject_id === project.id).map(summarize),
      [
        'project.created',
        'project_invitation.created',
        'project_member.added',
        'project_invitation.accepted'
      ]
    )
  }
)

t.test(
  'the answer is the same for accounts that exist, belong to it already, or do not',
  async (t) => {
    const ann = await signUp()
    const member = await withEmail('member@example.com')
    await withEmail('known@example.com')
    const project = await projectWith(ann, { viewer: member })
    const shapeOf = (body: Record<string, unknown>) =>
      Object.entries(body).map(([name, value]) => `${name} ${value === null ? null : typeof value}`)
    const shapes = async (whom: object[]) =>
      Promise.all(
        whom.map(async (it) => {
          const response = await invite(ann, project, it)
          return JSON.stringify([response.statusCode, shapeOf(response.json())])
        })
      )
    const byEmail = ['member@example.com', 'known@example.com', 'nobody@example.com']
    const byName = [member.user.username, 'nobody-at-all', ann.user.username]
    t.equal(new Set(await shapes(byEmail.map((email) => ({ email })))).size, 1)
    t.equal(new Set(await shapes(byName.map((username) => ({ username })))).size, 1)
    const open = await openInvitations(ann, project)
    t.equal(open.length, 6)
    t.equal(new Set(open.map((it: object) => Object.keys(it).sort().join())).size, 1)
    for (const email of byEmail) {
      const sent = (await emailsTo(mail, email)).filter((it) => /project/.test(it.subject))
      t.equal(sent.length, 1, `${email} gets one email`)
    }
    const [first] = await invitationsOf(member)
    t.match(
      (await answerInvitation(member, first.id, 'accept')).json(),
      { role: 'viewer' },
      'a role stays'
    )
    const [own] = await invitationsOf(ann)
    t.match((await answerInvitation(ann, own.id, 'accept')).json(), { role: 'owner' })
    t.equal((await ann.get(projectUrl(project, '/members'))).json().data.length, 2)
  }
)

t.test(
  'an email has nothing that the sender wrote, and one without an account a link',
  async (t) => {
    const ann = await signUp('user', undefined, { name: 'Buy cheap pills' })
    const project = await createProject(ann, 'Visit evil.example')
    await invite(ann, project, { email: 'Stranger@Example.com' })
    const [message] = await emailsTo(mail, 'stranger@example.com')
    t.match(message?.subject, 'You are invited to a project in Tasklane')
    t.match(message?.text, /#\/register\?invitation_token=/)
    t.notMatch(message?.text, /pills|evil|@/)
    t.notMatch(message?.html, /pills|evil/)
  }
)

t.test('an invitation by email is for whoever has confirmed it, whatever its case', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const bob = await signUp('user', undefined, { email: 'bob@example.org' })
  const { id } = (await invite(ann, project, { email: 'BOB@Example.org' }, 'viewer')).json()
  t.strictSame(
    await invitationsOf(bob),
    [],
    'an email that is not confirmed may be somebody else’s'
  )
  t.equal((await answerInvitation(bob, id, 'accept')).statusCode, 404)
  await db.update(users).set({ email_verified: true }).where(eq(users.id, bob.user.id))
  t.match(await invitationsOf(bob), [{ id, role: 'viewer' }])
  t.match((await answerInvitation(bob, id.toUpperCase(), 'accept')).json(), { role: 'viewer' })
})

t.test('admins of the project and its owner invite, with roles below their own', async (t) => {
  const ann = await signUp()
  const people = {
    admin: await signUp(),
    editor: await signUp(),
    viewer: await signUp()
  }
  const [manager, boss, stranger] = [await signUp('manager'), await signUp('admin'), await signUp()]
  const project = await projectWith(ann, people)
  const tries = async (who: Person, role: string) =>
    (await invite(who, project, { username: `x-${role}` }, role)).statusCode
  t.strictSame([await tries(ann, 'admin'), await tries(boss, 'admin')], [201, 201])
  t.strictSame(
    [await tries(people.admin, 'admin'), await tries(people.admin, 'editor')],
    [403, 201]
  )
  t.equal(await tries(ann, 'owner'), 400)
  for (const who of [people.editor, people.viewer, manager]) {
    t.equal(await tries(who, 'viewer'), 403)
    t.equal((await who.get(projectUrl(project, '/invitations'))).statusCode, 403)
  }
  t.equal(await tries(stranger, 'viewer'), 404)
  t.equal((await stranger.get(projectUrl(project, '/invitations'))).statusCode, 404)
  const [editor, admin] = await openInvitations(people.admin, project)
  t.match([editor.role, admin.role], ['editor', 'admin'])
  t.equal((await withdrawInvitation(people.editor, project, editor.id)).statusCode, 403)
  t.equal((await withdrawInvitation(people.admin, project, admin.id)).statusCode, 403)
  t.equal((await withdrawInvitation(people.admin, project, editor.id)).statusCode, 204)
  t.equal((await withdrawInvitation(people.admin, project, editor.id)).statusCode, 404)
  const other = await createProject(people.admin)
  t.equal(
    (await withdrawInvitation(people.admin, other, admin.id)).statusCode,
    404,
    'not of this project'
  )
})

t.test('exactly one of username and email is taken', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const both = { username: 'x', email: 'x@example.com' }
  for (const whom of [both, {}, { email: 'x' }, { username: 'a b' }, { email: null }]) {
    t.match((await invite(ann, project, whom)).json(), { status: 400, code: 'invalid_request' })
  }
  t.equal((await ann.post(projectUrl(project, '/invitations'), { username: 'x' })).statusCode, 400)
  t.strictSame(await openInvitations(ann, project), [])
})

t.test('what was declined, withdrawn, replaced or has expired cannot be accepted', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await createProject(ann)
  const refused = async (id: string, detail: RegExp) => {
    for (const what of ['accept', 'decline'] as const) {
      t.match((await answerInvitation(bob, id, what)).json(), { code: 'invitation_over', detail })
    }
    t.strictSame([await invitationsOf(bob), await openInvitations(ann, project)], [[], []])
  }
  const declined = await invitePerson(ann, project, bob)
  t.equal((await answerInvitation(bob, declined, 'decline')).statusCode, 204)
  await refused(declined, /declined/)
  const replaced = await invitePerson(ann, project, bob)
  const withdrawn = await invitePerson(ann, project, bob, 'viewer')
  t.match(await invitationsOf(bob), [{ id: withdrawn, role: 'viewer' }])
  t.equal((await withdrawInvitation(ann, project, withdrawn)).statusCode, 204)
  await refused(withdrawn, /withdrawn/)
  await refused(replaced, /withdrawn/)
  const expired = await invitePerson(ann, project, bob)
  await db.update(invitations).set({ expires_at: sql`now()` }).where(eq(invitations.id, expired))
  await refused(expired, /expired/)
  t.equal((await bob.get(projectUrl(project))).statusCode, 404)
})

t.test('what somebody has left who may not invite any more lets nobody in', async (t) => {
  const [ann, admin, bob] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { admin })
  const id = await invitePerson(admin, project, bob)
  t.equal((await removeMember(ann, project, admin)).statusCode, 204)
  t.strictSame(await invitationsOf(bob), [])
  t.match((await answerInvitation(bob, id, 'accept')).json(), { code: 'invitation_over' })
})

t.test('an archived project can be joined, a deleted one is a 404', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await createProject(ann)
  const [first, second] = [
    await invitePerson(ann, project, bob),
    await invitePerson(ann, project, eve)
  ]
  await patchProject(ann, project, { archived: true })
  t.equal((await answerInvitation(bob, first, 'accept')).statusCode, 200)
  await deleteProject(ann, project)
  t.strictSame(await invitationsOf(eve), [])
  t.equal((await answerInvitation(eve, second, 'accept')).statusCode, 404)
  await ann.post(projectUrl(project, '/restore'), undefined)
  t.equal((await answerInvitation(eve, second, 'accept')).statusCode, 200)
})

t.test('invitations follow a project to its new owner', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { admin: bob })
  const id = await invitePerson(ann, project, eve)
  const transfer = await ann.post(projectUrl(project, '/transfer'), { user_id: bob.user.id })
  t.equal(transfer.statusCode, 200)
  t.match(await openInvitations(bob, project), [{ id }])
  t.equal((await answerInvitation(eve, id, 'accept')).statusCode, 200)
  t.equal(await roleOf(eve, project), 'editor')
})

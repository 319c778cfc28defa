import t from 'tap'
import { comment } from '../../support/comments.ts'
import { emailsTo } from '../../support/emails.ts'
import { follow, linesOf } from '../../support/follower.ts'
import { tokenIn } from '../../support/links.ts'
import {
  answerInvitation,
  createProject,
  invite,
  invitePerson,
  patchProject,
  projectWith,
  putMember,
  removeMember
} from '../../support/projects.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const { signUp, request, mail } = await createTestApp(t, { env: { DIRECTORY: 'all' } })

t.test('a new member gains access; who belongs already sees the member', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await createProject(ann)
  const [anns, bobs, eves] = [await follow(ann), await follow(bob), await follow(eve)]
  await putMember(ann, project, bob, 'viewer')
  await putMember(ann, project, bob, 'viewer')
  const facts = { actor_id: ann.user.id, project_id: project.id }
  const isMember = { type: 'member', id: bob.user.id, version: null }
  t.match(await anns(), [
    {
      ...facts,
      type: 'member.added',
      resource: isMember,
      data: { user_id: bob.user.id, role: 'viewer', username: bob.user.username }
    }
  ])
  const [gained, added] = await bobs()
  t.match(added, { ...facts, type: 'member.added', resource: isMember })
  t.match(gained, {
    ...facts,
    type: 'access.gained',
    resource: { type: 'project', id: project.id },
    data: { id: project.id, role: 'viewer' }
  })

  await putMember(ann, project, bob, 'editor')
  const changed = [{ ...facts, type: 'member.changed', resource: isMember }]
  for (const seen of [await anns(), await bobs()]) {
    t.match(seen, changed)
    t.strictSame(linesOf(seen), ['member.changed role'], 'and nobody gains or loses access')
    t.match(seen[0]?.data, { role: 'editor' })
  }
  t.equal((await putMember(bob, project, eve, 'viewer')).statusCode, 403)
  t.equal((await putMember(ann, project, ann, 'viewer')).statusCode, 409)
  t.strictSame([...(await anns()), ...(await bobs()), ...(await eves())], [])
})

t.test(
  'who has a personal task to do hears that it is in a project, also after leaving that',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const project = await projectWith(ann, { editor: bob })
    const task = await ann.create({ title: 'Mend the bell', assignee_id: bob.user.id })
    const bobs = await follow(bob)
    await ann.patch(task, { project_id: project.id })
    await removeMember(ann, project, bob)
    t.match(
      (await bobs()).filter(({ resource }) => resource.id === task.id),
      [{ type: 'task.updated', changed_fields: ['project_id'], data: null }]
    )
  }
)

/** A project with a member who has a task to do there. */
async function shared() {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const its = { project_id: project.id, assignee_id: bob.user.id }
  return { ann, bob, project, task: await ann.create({ title: 'Paint', ...its }) }
}

for (const [what, isLeaving] of [
  ['is removed', false],
  ['leaves', true]
] as const) {
  t.test(`a member who ${what} loses access, and sees nothing of the project then`, async (t) => {
    const { ann, bob, project, task } = await shared()
    const [anns, bobs] = [await follow(ann), await follow(bob)]
    const by = isLeaving ? bob : ann
    t.equal((await removeMember(by, project, bob)).statusCode, 204)
    t.equal((await removeMember(by, project, bob)).statusCode, 404)
    await patchProject(ann, project, { name: 'Bath' })
    await ann.patch(task, { title: 'Not for bob' })
    await comment(ann, task)

    const seen = await bobs()
    t.strictSame(linesOf(seen), ['access.lost'])
    t.match(seen, [
      {
        actor_id: by.user.id,
        project_id: project.id,
        resource: { type: 'project', id: project.id },
        data: null
      }
    ])
    t.strictSame(linesOf(await anns()), [
      'task.updated 2 assignee_id',
      'member.removed',
      'project.updated 2 name',
      'task.updated 3 title',
      'comment.created 1'
    ])
    t.strictSame(await bobs(), [])
  })
}

t.test('who had a task of a project to do is told as a member only', async (t) => {
  for (const isRemoved of [false, true]) {
    const { ann, bob, project, task } = await shared()
    const bobs = await follow(bob)
    await ann.patch(task, { assignee_id: ann.user.id })
    if (isRemoved) {
      await removeMember(ann, project, bob)
    }
    const seen = linesOf(await bobs())
    t.strictSame(seen, [isRemoved ? 'access.lost' : 'task.updated 2 assignee_id'])
  }
})

t.test('who accepts an invitation gains access', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await createProject(ann)
  const [anns, bobs] = [await follow(ann), await follow(bob)]
  const declined = await invitePerson(ann, project, bob)
  await answerInvitation(bob, declined, 'decline')
  const id = await invitePerson(ann, project, bob, 'viewer')
  t.strictSame([...(await anns()), ...(await bobs())], [], 'an invitation is no change')
  t.equal((await answerInvitation(bob, id, 'accept')).statusCode, 200)
  t.match(await anns(), [{ type: 'member.added', actor_id: bob.user.id, data: { role: 'viewer' } }])
  t.strictSame(linesOf(await bobs()), ['access.gained', 'member.added'])

  const again = await invitePerson(ann, project, bob, 'admin')
  await answerInvitation(bob, again, 'accept')
  t.strictSame([...(await anns()), ...(await bobs())], [], 'whoever belongs to it gains nothing')
})

t.test('who signs up with an invitation is a member, which those who belong see', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const anns = await follow(ann)
  const email = 'zoe@example.org'
  await invite(ann, project, { email })
  const invitation_token = tokenIn((await emailsTo(mail, email))[0])
  const payload = { email, password: PASSWORD, invitation_token }
  const joined = await request({ method: 'POST', url: '/api/v1/auth/register', payload })
  t.equal(joined.statusCode, 201)
  t.match(await anns(), [
    { type: 'member.added', resource: { id: joined.json().user.id }, data: { role: 'editor' } }
  ])
})

t.test('requests at the same time add a member once, and remove them once', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await createProject(ann)
  const [anns, bobs] = [await follow(ann), await follow(bob)]
  const all = (ask: () => Promise<unknown>) => Promise.all([ask(), ask(), ask(), ask()])
  await all(() => putMember(ann, project, bob, 'editor'))
  await all(() => removeMember(ann, project, bob))
  t.strictSame(linesOf(await anns()), ['member.added', 'member.removed'])
  t.strictSame(linesOf(await bobs()), ['access.gained', 'access.lost'])
})

t.test('a manager who is no member of a project sees its changes by its id', async (t) => {
  const [ann, boss] = [await signUp(), await signUp('manager')]
  const project = await createProject(ann)
  const at = `/api/v1/changes?project_id=${project.id}`
  const cursorOf = async (who: Person, url: string) =>
    (await who.get(url)).json().pagination.next_cursor
  await boss.untilSettled()
  const cursor = await cursorOf(boss, at)
  const everything = await follow(boss)
  const anns = await follow(ann)
  await ann.patch(await ann.create({ title: 'Paint', project_id: project.id }), { title: 'New' })
  await anns()
  await boss.untilSettled()
  t.match((await boss.get(`${at}&cursor=${cursor}`)).json().data, [
    { type: 'task.created' },
    { type: 'task.updated' }
  ])
  t.strictSame(await everything(), [])
})

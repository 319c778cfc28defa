import { sql } from 'drizzle-orm'
import t from 'tap'
import { executeRows } from '../../../src/db/rows.ts'
import { comment, deleteComment, postComment } from '../../support/comments.ts'
import { follow } from '../../support/follower.ts'
import {
  answerInvitation,
  createProject,
  deleteProject,
  invitePerson,
  patchProject,
  projectUrl,
  projectWith,
  putMember,
  removeMember
} from '../../support/projects.ts'
import { runScheduled } from '../../support/scheduled.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const app = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const { signUp, db } = app
const ROUNDS = 5

/** What no feed holds, whatever happened at the same time: changes of a project among the rows of somebody else. */
const misplaced = () =>
  executeRows(
    db,
    sql`
      SELECT c.type
      FROM list_changes c
      JOIN projects p ON p.id = c.list_id
      WHERE c.owner_id <> p.owner_id`
  )
const transfer = (by: Person, project: { id: string }, to: Person) =>
  by.post(projectUrl(project, '/transfer'), { user_id: to.user.id })
const leave = (who: Person) =>
  who.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })

t.test('nothing is lost of what happens while a project goes to another owner', async (t) => {
  const [ann, bob, cid] = [await signUp(), await signUp(), await signUp()]
  for (let round = 0; round < ROUNDS; round++) {
    const dan = await signUp()
    const project = await projectWith(ann, { admin: bob, viewer: cid, editor: dan })
    const inProject = { project_id: project.id }
    const [task, leaving] = [
      await ann.create({ title: 'Paint', ...inProject }),
      await ann.create({ title: 'Sweep', ...inProject })
    ]
    const old = await comment(bob, task)
    const news = await follow(cid)
    const [given, ...answers] = await Promise.all([
      transfer(ann, project, bob),
      ...Array.from({ length: 4 }, () => postComment(cid, task, 'Blue?')),
      deleteComment(bob, old),
      patchProject(bob, project, { name: `Bath ${round}` }),
      putMember(bob, project, cid, 'editor'),
      bob.patch(leaving, { project_id: null }),
      leave(dan)
    ])
    t.equal(given.statusCode, 200)
    // A busy server leaves the rest of an account to it.
    await runScheduled(app, 'accounts.purge')
    const done = answers.filter(({ statusCode }) => statusCode < 300).length
    // Of the owner's: the project, two members, one task or two.
    const seen = await news()
    const own = seen.filter(({ request_id }) => request_id === given.headers['x-request-id'])
    t.ok(own.length >= 4)
    const others = new Set(seen.map(({ request_id }) => request_id))
    others.delete(String(given.headers['x-request-id']))
    t.equal(others.size, done, 'each request that did something')
    t.equal(new Set(seen.map(({ id }) => id)).size, seen.length, 'and no change twice')
    t.strictSame([...(await misplaced())], [])
  }
})

t.test('who comes and goes at the same time has seen both, or neither', async (t) => {
  const ann = await signUp()
  for (let round = 0; round < ROUNDS; round++) {
    const bob = await signUp()
    const project = await createProject(ann)
    const news = await follow(bob)
    const invitation = await invitePerson(ann, project, bob)
    await Promise.all([
      answerInvitation(bob, invitation, 'accept'),
      putMember(ann, project, bob, 'viewer'),
      removeMember(ann, project, bob),
      removeMember(bob, project, bob),
      deleteProject(ann, project)
    ])
    await ann.post(projectUrl(project, '/restore'))
    const isMember = (await bob.get(projectUrl(project))).statusCode === 200
    const access = (await news()).map(({ type }) => type).filter((it) => it.startsWith('access.'))
    const kinds = access.map((type, i) => type === (i % 2 === 0 ? 'access.gained' : 'access.lost'))
    t.ok(
      kinds.every((isNext) => isNext),
      access.join()
    )
    t.equal(access.length % 2 === 1, isMember, 'the last one is what is true')
  }
})

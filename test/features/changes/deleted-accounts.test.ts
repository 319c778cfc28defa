import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { listChanges } from '../../../src/db/tables/list-changes.ts'
import { users } from '../../../src/db/tables/users.ts'
import { composeFeatures } from '../../../src/features.ts'
import { comment } from '../../support/comments.ts'
import { follow, linesOf } from '../../support/follower.ts'
import { createProject, deleteProject, projectUrl, projectWith } from '../../support/projects.ts'
import { advanceDeletionTime, runScheduled } from '../../support/scheduled.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

/** An app whose requests leave everything of a deleted account to the scheduled task, as those of a huge one do. */
const features = composeFeatures().map(({ ownedData: _, ...feature }) => feature)
const h = await createTestApp(t, { features, env: { DIRECTORY: 'all' } })
const { db, signUp } = h
const root = await signUp('admin')
const deleteMe = (who: Person) =>
  who.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
async function purge() {
  await advanceDeletionTime(db)
  await runScheduled(h, 'accounts.purge')
}
const rowsOf = ({ user }: Person) => db.$count(listChanges, eq(listChanges.owner_id, user.id))
const isStored = async ({ user }: Person) => (await db.$count(users, eq(users.id, user.id))) > 0

t.test('members hear that the owner of their projects is gone, with all of these', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const shared = await projectWith(ann, { editor: bob })
  const task = await ann.create({ title: 'Paint', project_id: shared.id })
  for (let i = 0; i < 24; i++) {
    await projectWith(ann, i % 2 === 0 ? { viewer: bob } : {})
  }
  const bobs = await follow(bob)
  await deleteMe(ann)
  t.strictSame(await bobs(), [], 'the deletion takes equally long for every account')
  await purge()
  await runScheduled(h, 'projects.follow')
  const gone = await bobs()
  const projects = gone.filter(({ type }) => type === 'project.deleted')
  t.equal(projects.length, 13)
  t.equal(new Set(projects.map(({ resource }) => resource.id)).size, 13)
  t.match(
    projects.find(({ resource }) => resource.id === shared.id),
    { actor_id: ann.user.id, project_id: shared.id, resource: { version: 2 }, data: null }
  )
  t.match(
    gone.filter(({ type }) => type === 'task.deleted'),
    [{ resource: { id: task.id }, data: null }]
  )

  const news = await follow(root)
  t.equal((await root.post(projectUrl(shared, '/restore'))).statusCode, 200)
  const back = await bobs()
  t.strictSame(linesOf(back), [
    'project.updated 3 owner_id',
    'task.updated 3',
    'project.restored 4',
    'task.restored 4'
  ])
  t.match(back[2], { data: { id: shared.id, owner_id: root.user.id, role: 'editor' } })
  t.strictSame(linesOf(await news()), ['access.gained', ...linesOf(back)])
})

t.test('what the feed said of a project stays while the project can come back', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const task = await ann.create({ title: 'Paint', project_id: project.id })
  const bobs = await follow(bob)
  await comment(ann, task)
  await deleteMe(ann)
  await purge()
  await runScheduled(h, 'projects.follow')
  t.ok(await isStored(ann))
  await root.post(projectUrl(project, '/restore'))
  t.equal(linesOf(await bobs())[0], 'comment.created 1')
  await purge()
  t.notOk(await isStored(ann), 'nothing keeps the account')
  t.equal(await rowsOf(ann), 0)
})

t.test('members see that somebody is gone with their account', async (t) => {
  const [ann, bob, cid] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob, viewer: cid })
  const its = { project_id: project.id, assignee_id: bob.user.id }
  await ann.create({ title: 'Paint', ...its })
  const [anns, cids] = [await follow(ann), await follow(cid)]
  await deleteMe(bob)
  await purge()
  const seen = await anns()
  t.strictSame(linesOf(seen), ['member.removed', 'task.updated 2 assignee_id'])
  t.match(seen[0], {
    actor_id: bob.user.id,
    project_id: project.id,
    resource: { id: bob.user.id },
    data: null
  })
  t.strictSame(await cids(), seen)
  t.equal(await rowsOf(bob), 0, 'what its own feed said is gone')
  t.notOk(await isStored(bob))
})

t.test('who had a personal task of a deleted account to do sees that it is gone', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const task = await ann.create({ title: 'Paint', assignee_id: bob.user.id })
  await ann.create({ title: 'Of her own', assignee_id: ann.user.id })
  const bobs = await follow(bob)
  await deleteMe(ann)
  await purge()
  const seen = await bobs()
  t.strictSame(linesOf(seen), ['task.purged 2'])
  t.match(seen, [{ resource: { id: task.id }, data: null }])
  t.notOk(await isStored(ann))
})

t.test(
  'the feeds of a large account are deleted in chunks, and those of others stay',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const [kept, gone] = [await createProject(bob), await createProject(ann)]
    await deleteProject(ann, gone)
    await runScheduled(h, 'projects.follow')
    for (const [owner, list] of [
      [ann.user.id, ann.user.id],
      [ann.user.id, kept.id],
      [ann.user.id, gone.id]
    ]) {
      await db.execute(sql`
      INSERT INTO list_changes (owner_id, list_id, id, type, resource_type, resource_id, changed_fields)
      SELECT ${owner}, ${list}, gen_random_uuid(), 'import.finished', 'import', gen_random_uuid(), '{}'
      FROM generate_series(1, 1200)`)
    }
    const others = await rowsOf(bob)
    await deleteMe(ann)
    await purge()
    t.ok(await isStored(ann), 'the project is in the trash')
    t.ok((await rowsOf(ann)) >= 1200 && (await rowsOf(ann)) < 1300, 'and so is its feed')
    await db.execute(
      sql`UPDATE projects SET deleted_at = now() - interval '40 days' WHERE id = ${gone.id}`
    )
    await runScheduled(h, 'projects.purge')
    await purge()
    t.equal(await rowsOf(ann), 0)
    t.equal(await rowsOf(bob), others)
    t.notOk(await isStored(ann))
  }
)

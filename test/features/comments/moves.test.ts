import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { taskComments } from '../../../src/db/tables/task-comments.ts'
import { tasks } from '../../../src/db/tables/tasks.ts'
import { users } from '../../../src/db/tables/users.ts'
import { purgeTasks } from '../../../src/features/tasks/trash.ts'
import { composeFeatures } from '../../../src/features.ts'
import { comment, commentsOn, countOn, editComment, readComment } from '../../support/comments.ts'
import { projectUrl, projectWith } from '../../support/projects.ts'
import { advanceDeletionTime, runScheduled } from '../../support/scheduled.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

/** An app whose requests leave everything of a deleted account to the scheduled task. */
const features = composeFeatures().map(({ ownedData: _, ...feature }) => feature)
const h = await createTestApp(t, { features, env: { DIRECTORY: 'all' } })
const { db, signUp } = h
const deleteMe = (who: Person) =>
  who.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
/** Adds comments to tasks of an owner, beside the application. */
async function fill(owner: Person, each: number): Promise<void> {
  await db.execute(sql`
    INSERT INTO task_comments (owner_id, task_id, id, author_id, body, mentions)
    SELECT owner_id, id, gen_random_uuid(), owner_id, 'x', '{}'
    FROM tasks, generate_series(1, ${each}::int)
    WHERE owner_id = ${owner.user.id}`)
  await db.execute(sql`UPDATE tasks SET comment_count = ${each} WHERE owner_id = ${owner.user.id}`)
}
const commentsOfOwner = (owner: Person) =>
  db.$count(taskComments, eq(taskComments.owner_id, owner.user.id))

t.test('comments go where their task goes, as they are', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob, admin: eve })
  const task = await bob.create({ title: 'x' })
  const first = await comment(bob, task, 'Mine, @ann')
  t.equal((await bob.patch(task, { project_id: project.id })).statusCode, 200)
  const second = await comment(eve, task, 'Ours')
  t.strictSame(await commentsOn(ann, task), [first, second])
  t.equal(await commentsOfOwner(bob), 0)
  const transferred = await ann.post(projectUrl(project, '/transfer'), { user_id: eve.user.id })
  t.equal(transferred.statusCode, 200)
  t.match((await bob.read(task)).json(), { owner_id: eve.user.id, comment_count: 2 })
  t.strictSame(await commentsOn(bob, task), [first, second])
  t.equal(await commentsOfOwner(eve), 2)
  const operations = [{ op: 'update', id: task.id, data: { project_id: null } }]
  t.equal((await bob.post('/api/v1/task-batches', { operations })).statusCode, 200)
  t.strictSame(await commentsOn(bob, task), [first, second])
  t.match((await editComment(bob, first, 'Still mine')).json(), { version: 2 })
  const to = { project_id: project.id, after_id: null }
  const placed = await bob.post(`/api/v1/tasks/${task.id}/move`, to)
  t.match(placed.json(), { owner_id: eve.user.id, comment_count: 2 })
  t.equal(placed.headers.etag, `"${placed.json().version}.2"`)
  t.equal(await commentsOfOwner(eve), 2)
  t.equal((await bob.patch(task, { project_id: null })).statusCode, 200)
  t.equal((await readComment(ann, first)).statusCode, 404)
})

t.test('a project with more comments than one transaction moves keeps its owner', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const task = await ann.create({ title: 'x', project_id: project.id })
  const trashed = await ann.create({ title: 'y', project_id: project.id })
  await ann.remove(trashed)
  const give = () => ann.post(projectUrl(project, '/transfer'), { user_id: bob.user.id })
  const count = (comments: number) =>
    db.update(tasks).set({ comment_count: comments }).where(eq(tasks.owner_id, ann.user.id))
  await count(25_001)
  t.match((await give()).json(), {
    status: 409,
    code: 'project_too_large',
    detail: /50000 comments/
  })
  t.match((await ann.read(task)).json(), { owner_id: ann.user.id, version: 1 })
  await count(25_000)
  t.equal((await give()).statusCode, 200)
  t.match((await bob.read(task)).json(), { owner_id: bob.user.id })
})

t.test('a purge deletes few tasks at once where they have many comments', async (t) => {
  const ann = await signUp()
  for (let i = 0; i < 12; i++) {
    await ann.create({ title: 'x' })
  }
  await fill(ann, 900)
  await db.execute(sql`
    UPDATE tasks SET deleted_at = now() - interval '40 days' WHERE owner_id = ${ann.user.id}`)
  const steps: unknown[] = []
  for (let more = true; more; ) {
    const step = await purgeTasks(db, 30)
    steps.push(step)
    more = step.more
  }
  t.strictSame(steps, [
    { done: 5, more: true },
    { done: 5, more: true },
    { done: 2, more: false }
  ])
  t.equal(await commentsOfOwner(ann), 0)
})

t.test('a task is purged even if it alone has more comments than a step deletes', async (t) => {
  const ann = await signUp()
  await ann.create({ title: 'x' })
  await ann.create({ title: 'y' })
  await fill(ann, 5001)
  await db.execute(sql`
    UPDATE tasks SET deleted_at = now() - interval '40 days' WHERE owner_id = ${ann.user.id}`)
  t.strictSame(await purgeTasks(db, 30), { done: 1, more: true })
  t.strictSame(await purgeTasks(db, 30), { done: 1, more: false })
  t.equal(await commentsOfOwner(ann), 0)
})

t.test(
  'what a deleted account said stays with the tasks of others, and goes with its own',
  async (t) => {
    const [ann, bob] = [await signUp('user', 'ann'), await signUp()]
    const project = await projectWith(bob, { editor: ann })
    const task = await bob.create({ title: 'x', project_id: project.id })
    const hers = await comment(ann, task, 'Good bye')
    const own = await ann.create({ title: 'y', assignee_id: bob.user.id })
    await comment(bob, own, 'Lost')
    for (let i = 0; i < 11; i++) {
      await ann.create({ title: 'x' })
    }
    await fill(ann, 1000)
    t.equal((await deleteMe(ann)).statusCode, 204)
    t.strictSame((await readComment(bob, hers)).json(), hers)
    t.strictSame((await bob.get(`/api/v1/people?id=${ann.user.id}`)).json().data, [])
    await runScheduled(h, 'accounts.purge')
    await advanceDeletionTime(db)
    await runScheduled(h, 'accounts.purge')
    t.equal(await db.$count(users, eq(users.id, ann.user.id)), 0)
    t.equal(await commentsOfOwner(ann), 0)
    t.strictSame(await commentsOn(bob, task), [hers])
    t.equal(await countOn(bob, task), 1)
  }
)

import { eq } from 'drizzle-orm'
import t from 'tap'
import { repairAssigners } from '../../../src/db/citus/distribute.ts'
import { isDistributed } from '../../../src/db/citus/distribution.ts'
import { taskAssigners } from '../../../src/db/tables/task-assigners.ts'
import { fillAssigners } from '../../../src/db/task-assigners.ts'
import { projectWith } from '../../support/projects.ts'
import { advanceDeletionTime, runScheduled } from '../../support/scheduled.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const h = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const { db, signUp } = h

/** Returns who has given personal tasks to somebody. */
async function assignersOf(who: Person): Promise<string[]> {
  const rows = await db
    .select({ owner_id: taskAssigners.owner_id })
    .from(taskAssigners)
    .where(eq(taskAssigners.assignee_id, who.user.id))
  return rows.map(({ owner_id }) => owner_id).sort()
}

t.test('whoever gives a personal task to somebody is among their assigners', async (t) => {
  const ways: Record<string, (ann: Person, bob: Person) => Promise<unknown>> = {
    'a new task': (ann, bob) => ann.create({ title: 'New', assignee_id: bob.user.id }),
    'a change': async (ann, bob) =>
      ann.patch(await ann.create({ title: 'Old' }), { assignee_id: bob.user.id }),
    'a new task of a batch': (ann, bob) =>
      ann.post('/api/v1/task-batches', {
        operations: [{ op: 'create', data: { title: 'New', assignee_id: bob.user.id } }]
      }),
    'a change in a batch': async (ann, bob) => {
      const { id } = await ann.create({ title: 'Old' })
      return ann.post('/api/v1/task-batches', {
        operations: [{ op: 'update', id, data: { assignee_id: bob.user.id } }]
      })
    },
    'a task that leaves its project': async (ann, bob) => {
      const { id: project_id } = await projectWith(ann, { editor: bob })
      const task = await ann.create({ title: 'Ours', project_id, assignee_id: bob.user.id })
      t.strictSame(await assignersOf(bob), [], 'that of a project is found by the project')
      return ann.patch(task, { project_id: null })
    },
    'what is below a task that leaves its project': async (ann, bob) => {
      const { id: project_id } = await projectWith(ann, { editor: bob })
      const top = await ann.create({ title: 'Top', project_id })
      await ann.create({ title: 'Below', parent_id: top.id, assignee_id: bob.user.id })
      return ann.patch(top, { project_id: null })
    }
  }
  for (const [way, give] of Object.entries(ways)) {
    const [ann, bob] = [await signUp(), await signUp()]
    await give(ann, bob)
    t.strictSame(await assignersOf(bob), [ann.user.id], way)
    t.strictSame(await assignersOf(ann), [], way)
  }
})

t.test('whoever has a task of their own to do is not among them', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Mine', assignee_id: ann.user.id })
  await ann.patch(task, { title: 'Still mine' })
  t.strictSame(await assignersOf(ann), [])
})

t.test('of many who assign at the same time none is missing, and none fails', async (t) => {
  const bob = await signUp()
  const people = await Promise.all(Array.from({ length: 4 }, () => signUp()))
  await Promise.all(
    people.flatMap((who) =>
      Array.from({ length: 4 }, () => who.create({ title: 'Do it', assignee_id: bob.user.id }))
    )
  )
  t.strictSame(await assignersOf(bob), people.map(({ user }) => user.id).sort())
})

t.test('what is not noted of the tasks that there are is noted when it is filled', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  await ann.create({ title: 'Do it', assignee_id: bob.user.id })
  await db.delete(taskAssigners).where(eq(taskAssigners.assignee_id, bob.user.id))
  const fill = (await isDistributed(db)) ? repairAssigners : fillAssigners
  await fill(db)
  await fill(db)
  t.strictSame(await assignersOf(bob), [ann.user.id])
})

t.test('an account that is removed is nobody’s assigner, and has none', async (t) => {
  const [ann, bob, cleo] = [await signUp(), await signUp(), await signUp()]
  await ann.create({ title: 'For Bob', assignee_id: bob.user.id })
  await bob.create({ title: 'For Cleo', assignee_id: cleo.user.id })
  await bob.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
  await advanceDeletionTime(db)
  await runScheduled(h, 'accounts.purge')
  t.strictSame(await assignersOf(cleo), [])
  t.strictSame(await assignersOf(bob), [])
})

import { eq } from 'drizzle-orm'
import t from 'tap'
import { projects } from '../../../src/db/tables/projects.ts'
import { tasks } from '../../../src/db/tables/tasks.ts'
import { users } from '../../../src/db/tables/users.ts'
import { composeFeatures } from '../../../src/features.ts'
import {
  deleteProject,
  namesIn,
  projectUrl,
  projectWith,
  titlesIn
} from '../../support/projects.ts'
import { advanceDeletionTime, runScheduled } from '../../support/scheduled.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

/** An app whose requests leave everything of a deleted account to the scheduled task. */
const features = composeFeatures().map(({ ownedData: _, ...feature }) => feature)
const h = await createTestApp(t, { features, env: { DIRECTORY: 'all' } })
const { db, signUp, events } = h
const root = await signUp('admin')
const deleteMe = (who: Person) =>
  who.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
const purgeAccounts = async () => {
  await advanceDeletionTime(db)
  return runScheduled(h, 'accounts.purge')
}

t.test(
  'the projects of a deleted account go to the trash, where an admin takes them over',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const project = await projectWith(ann, { editor: bob })
    const inProject = { project_id: project.id }
    const task = await bob.create({ title: 'shared', ...inProject, assignee_id: ann.user.id })
    const hers = await ann.create({ title: 'hers', ...inProject })
    await ann.create({ title: 'personal' })
    t.equal((await deleteMe(ann)).statusCode, 204)

    const isGone = async (moment: string) => {
      t.equal((await bob.get(projectUrl(project))).statusCode, 404, moment)
      t.equal((await bob.read(task)).statusCode, 404, moment)
      t.equal((await bob.patch(task, { title: 'x' })).statusCode, 404, moment)
      t.equal(
        (await bob.post('/api/v1/tasks', { title: 'x', ...inProject })).statusCode,
        400,
        moment
      )
      t.strictSame(titlesIn(await bob.get('/api/v1/tasks')), [], moment)
      t.strictSame(namesIn(await bob.get('/api/v1/projects')), [], moment)
    }
    await isGone('before anything is cleared')
    await purgeAccounts()
    await runScheduled(h, 'projects.follow')
    await isGone('afterwards')
    t.strictSame(namesIn(await bob.get('/api/v1/projects?deleted=only')), [])
    t.strictSame(namesIn(await root.get('/api/v1/projects?scope=all&deleted=only')), ['Kitchen'])

    const restored = await root.post(projectUrl(project, '/restore'))
    t.match(restored.json(), { owner_id: root.user.id, role: 'owner', deleted_at: null })
    t.strictSame(titlesIn(await bob.get('/api/v1/tasks?sort=title_asc')), ['hers', 'shared'])
    t.match((await bob.read(hers)).json(), { owner_id: root.user.id, created_by: ann.user.id })
    t.equal((await bob.read(task)).json().assignee_id, null)
    t.equal((await events.of(task)).length, (await bob.read(task)).json().version)
    await purgeAccounts()
    t.equal(await db.$count(users, eq(users.id, ann.user.id)), 0, 'nothing keeps the account')
    t.strictSame(titlesIn(await bob.get('/api/v1/tasks?sort=title_asc')), ['hers', 'shared'])
  }
)

t.test('a deleted project is purged after its tasks, and its owner after both', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { viewer: bob })
  await ann.create({ title: 'x', project_id: project.id })
  const kept = await projectWith(bob, { admin: ann })
  t.equal((await deleteProject(ann, project)).statusCode, 204)
  await deleteMe(ann)
  await purgeAccounts()
  t.equal(await db.$count(users, eq(users.id, ann.user.id)), 1, 'the account waits for its project')
  t.strictSame(
    (await bob.get(projectUrl(kept, '/members')))
      .json()
      .data.map((it: { role: string }) => it.role),
    ['owner'],
    'it is no member any more'
  )
  const old = new Date(Date.now() - 40 * 86_400_000).toISOString()
  await db.update(projects).set({ deleted_at: old }).where(eq(projects.id, project.id))
  t.equal(await runScheduled(h, 'projects.purge'), 0, 'a task is left')
  await db.update(tasks).set({ deleted_at: old }).where(eq(tasks.project_id, project.id))
  await runScheduled(h, 'tasks.purge')
  t.equal(await runScheduled(h, 'projects.purge'), 1)
  t.equal((await root.post(projectUrl(project, '/restore'))).statusCode, 404)
  await purgeAccounts()
  t.equal(await db.$count(users, eq(users.id, ann.user.id)), 0)
})

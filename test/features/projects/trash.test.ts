import { sql } from 'drizzle-orm'
import t from 'tap'
import type { Project } from '../../../src/features/projects/schema.ts'
import { purgeTasks } from '../../../src/features/tasks/trash.ts'
import {
  createProject,
  deleteProject,
  namesIn,
  patchProject,
  projectUrl,
  projectWith
} from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, events, db } = await createTestApp(t, {
  env: { DIRECTORY: 'all', MAX_TASKS_PER_USER: '10' }
})
const restore = (who: Person, project: Project) => who.post(projectUrl(project, '/restore'))

/** Makes what somebody has in the trash look as if it were there for so long. */
async function age(who: Person, ms: number): Promise<void> {
  const deleted_at = new Date(Date.now() - ms).toISOString()
  for (const table of ['tasks', 'projects']) {
    await db.execute(sql`
      UPDATE ${sql.identifier(table)} SET deleted_at = ${deleted_at}
      WHERE owner_id = ${who.user.id} AND deleted_at IS NOT NULL`)
  }
}

t.test('a project that a purge may be at work on cannot be restored', async (t) => {
  const [ann, root] = [await signUp(), await signUp('admin')]
  const project = await createProject(ann)
  const task = await ann.create({ title: 'x', project_id: project.id })
  await deleteProject(ann, project)
  await age(ann, 30 * 86_400_000 - 30_000)
  t.equal((await restore(ann, project)).statusCode, 404)
  t.equal((await restore(root, project)).statusCode, 404)
  t.strictSame(await events.of(task), ['task.created', 'task.deleted'])

  await age(ann, 30 * 86_400_000 - 150_000)
  t.strictSame(await purgeTasks(db, 30), { done: 0, more: false })
  t.equal((await restore(ann, project)).statusCode, 200)
  t.equal((await ann.read(task)).statusCode, 200)
})

t.test('a deleted project is known to its owner and to admins only', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const [boss, root] = [await signUp('manager'), await signUp('admin')]
  const project = await projectWith(ann, { editor: bob })
  await patchProject(ann, project, { name: 'Shared' })
  const own = await createProject(boss, 'Own')
  await deleteProject(ann, project)
  await deleteProject(boss, own)
  for (const state of ['only', 'include']) {
    const listed = async (who: Person, scope: string) =>
      namesIn(await who.get(`/api/v1/projects?scope=${scope}&deleted=${state}&limit=100`)).filter(
        (name) => ['Own', 'Shared'].includes(name)
      )
    t.strictSame(await listed(ann, 'mine'), ['Shared'], state)
    t.strictSame(await listed(bob, 'mine'), [], state)
    t.strictSame(await listed(boss, 'mine'), ['Own'], state)
    t.strictSame(await listed(boss, 'all'), ['Own'], state)
    t.strictSame(await listed(root, 'all'), ['Own', 'Shared'], state)
  }
  t.equal((await boss.get(projectUrl(project))).statusCode, 404)
})

/** Leaves a project as it is between two of the transactions in which a large one comes back. */
const beginRestore = (owner: Person, { id }: Project) =>
  db.execute(sql`
    UPDATE projects SET deleted_at = NULL, tasks_pending = true
    WHERE owner_id = ${owner.user.id} AND id = ${id}`)

t.test('tasks that are still to come back with their project use the quota', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  for (let i = 0; i < 6; i++) {
    await ann.create({ title: `${i}`, project_id: project.id })
  }
  await deleteProject(ann, project)
  await beginRestore(ann, project)
  const created = []
  for (let i = 0; i < 6; i++) {
    created.push((await ann.post('/api/v1/tasks', { title: `${i}` })).statusCode)
  }
  t.strictSame(created, [201, 201, 201, 201, 403, 403])
})

t.test('they use the quota of whom the project is transferred to as well', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  for (let i = 0; i < 6; i++) {
    await ann.create({ title: `${i}`, project_id: project.id })
  }
  const own = []
  for (let i = 0; i < 5; i++) {
    own.push(await bob.create({ title: `${i}` }))
  }
  await deleteProject(ann, project)
  await beginRestore(ann, project)
  const transfer = () => ann.post(projectUrl(project, '/transfer'), { user_id: bob.user.id })
  t.match((await transfer()).json(), { status: 403, code: 'quota_exceeded' })
  await bob.remove(own[0] as { id: string })
  t.match((await transfer()).json(), { owner_id: bob.user.id })
})

t.test('a stale version of a project says which is current, and claims no fields', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  await patchProject(ann, project, { name: 'B' })
  const { statusCode, body } = await ann.send({
    method: 'PATCH',
    url: projectUrl(project),
    headers: { 'if-match': '"1"' },
    payload: { name: 'C' }
  })
  t.equal(statusCode, 412)
  t.match(JSON.parse(body), { code: 'stale_version', current_version: 2 })
  t.notOk('changed_fields' in JSON.parse(body))
})

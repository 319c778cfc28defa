import { sql } from 'drizzle-orm'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { purgeTasks } from '../../../src/features/tasks/trash.ts'
import { imported, tasksOf, worker } from '../../support/imports.ts'
import { createProject, deleteProject, projectWith } from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const app = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const { db, events, signUp } = app
worker(t, app)

/** Creates a task and purges it from the trash; returns its id. */
async function purged(who: Person, body: object = {}): Promise<string> {
  const task = await who.create({ title: 'Before', ...body })
  await who.remove(task)
  await db.execute(
    sql`UPDATE tasks SET deleted_at = now() - interval '31 days' WHERE owner_id = ${who.user.id} AND id = ${task.id}`
  )
  await purgeTasks(db, 30)
  t.strictSame(await events.of(task), ['task.purged'])
  return task.id
}

/** Does to a task what is done to tasks, and looks at its history. */
async function lives(who: Person, id: string): Promise<void> {
  for (const title of ['One', 'Two', 'Three']) {
    t.equal((await who.patch({ id }, { title })).statusCode, 200, title)
  }
  t.equal((await who.remove({ id })).statusCode, 204)
  const restored = await who.restore({ id })
  t.match(restored.json(), { title: 'Three', version: 9 })
  const { data } = (await who.get(`/api/v1/tasks/${id}/events`)).json()
  t.strictSame(
    data.map(({ type, version }: { type: string; version: number }) => [type, version]),
    [
      ['task.restored', 9],
      ['task.deleted', 8],
      ['task.updated', 7],
      ['task.updated', 6],
      ['task.updated', 5],
      ['task.created', 4],
      ['task.purged', 3]
    ]
  )
}

t.test('a task with the id of a purged one goes on behind the last version of that', async (t) => {
  const ann = await signUp()
  const id = await purged(ann)
  const again = await ann.post('/api/v1/tasks', { id, title: 'Again' })
  t.equal(again.statusCode, 201)
  t.match(again.json(), { id, version: 4 })
  t.equal(again.headers.etag, '"4"')
  t.equal((await ann.patch({ id }, { title: 'x' }, 3)).statusCode, 412, 'the purged one had it')
  await lives(ann, id)
})

t.test('so does one that a batch creates, and its project can be deleted', async (t) => {
  const ann = await signUp()
  const [first, second] = [await purged(ann), uuidv7()]
  const project = await createProject(ann)
  const operations = [first, second].map((id) => ({
    op: 'create',
    id,
    data: { title: 'Again', project_id: project.id }
  }))
  const { results } = (await ann.post('/api/v1/task-batches', { operations })).json()
  t.strictSame(
    results.map(({ status, task }: { status: number; task: { version: number } }) => [
      status,
      task.version
    ]),
    [
      [201, 4],
      [201, 1]
    ]
  )
  await lives(ann, first)
  t.equal((await deleteProject(ann, project)).statusCode, 204)
})

t.test('so does one that an import brings back', async (t) => {
  const ann = await signUp()
  await ann.create({ title: 'Kept' })
  const file = (await ann.get('/api/v1/task-exports/csv')).body
  const [kept] = await tasksOf(ann)
  const id = await purged(ann)
  const withBoth = `${file.trimEnd()}\r\n${file.trimEnd().split('\r\n').at(-1)?.replace(String(kept?.id), id)}\r\n`
  t.match(await imported(ann, withBoth), { rows_created: 1, rows_skipped: 1 })
  t.match((await ann.read({ id })).json(), { version: 4 })
  await lives(ann, id)
})

t.test("so does somebody else's, which can go to the owner of the purged one", async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const id = await purged(ann)
  t.match((await bob.post('/api/v1/tasks', { id, title: 'Again' })).json(), { version: 4 })
  const project = await projectWith(ann, { editor: bob })
  const moved = await bob.patch({ id }, { project_id: project.id })
  t.match(moved.json(), { owner_id: ann.user.id, version: 5 })
  t.match((await ann.patch({ id }, { title: 'Mine now' })).json(), { version: 6 })
})

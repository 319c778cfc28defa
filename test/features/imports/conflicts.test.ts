import { eq } from 'drizzle-orm'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { tasks } from '../../../src/db/tables/tasks.ts'
import { ownUuid } from '../../../src/lib/deterministic-uuid.ts'
import { accepted, ended, errorsOf, imported, tasksOf, worker } from '../../support/imports.ts'
import { createProject, patchProject, putMember, removeMember } from '../../support/projects.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, events, db, config } = await createTestApp(t)
worker(t, { db, config })
const update = { query: '?on_conflict=update' }
const asDryRun = (query = '') => ({ query: `?dry_run=true${query}` })
const titlesOf = async (who: Parameters<typeof tasksOf>[0]) =>
  (await tasksOf(who)).map(({ title }) => title)

t.test(
  'a task under the id that it has here and the one that it came with is one task',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const { id: theirs } = await ann.create({ title: 'Theirs' })
    await imported(bob, `id,title\n${theirs},Mine\n`)
    const [mine] = await tasksOf(bob)
    const done = await imported(bob, `id,title\n${theirs},one\n${mine?.id},two\n`, update)
    t.match(done, { status: 'succeeded', rows_updated: 2, rows_rejected: 0 })
    t.match(await tasksOf(bob), [{ id: mine?.id, title: 'two', version: 3 }])
    t.strictSame(await events.of({ id: String(mine?.id) }), [
      'task.created',
      'task.updated',
      'task.updated'
    ])
    for (const query of ['?on_conflict=skip', '?on_conflict=update', '?on_conflict=error']) {
      const eve = await signUp()
      const later = ownUuid(eve.user.id, theirs)
      const file = `id,title\n${theirs},one\n${later},two\n${theirs},three\n`
      const first = await imported(eve, file, { query })
      t.match(first, { status: 'succeeded', rows_created: 1 }, query)
      t.match(await tasksOf(eve), [{ id: later }])
    }
  }
)

t.test('a task that somebody else has assigned to the importer exists', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  await bob.create({ title: 'Own' })
  const task = await ann.create({ title: 'Assigned', assignee_id: bob.user.id })
  const file = (await bob.get('/api/v1/task-exports/csv')).body
  t.match(file, /Assigned/)
  for (const query of ['', '?on_conflict=update']) {
    const changed = file.replace('Assigned', query === '' ? 'Assigned' : 'Changed')
    for (const dry of ['', '&dry_run=true']) {
      const done = await imported(bob, changed, { query: `${query || '?on_conflict=skip'}${dry}` })
      t.match(done, { rows_created: 0, rows_updated: 0, rows_skipped: 2, rows_rejected: 0 })
    }
  }
  const refused = await imported(bob, file, { query: '?on_conflict=error' })
  t.match(refused, { rows_created: 0, rows_rejected: 2 })
  t.match(await errorsOf(bob, refused), [{ code: 'id_taken' }, { code: 'id_taken' }])
  t.strictSame(await titlesOf(ann), ['Assigned'])
  t.match((await ann.get(`/api/v1/tasks/${task.id}`)).json(), { version: 1 })
  await ann.patch(task, { assignee_id: null })
  t.match(await imported(bob, file), { rows_created: 1, rows_skipped: 1 })
})

t.test('a dry run counts what the import would do to rows of the same id', async (t) => {
  for (const onConflict of ['skip', 'update', 'error']) {
    const ann = await signUp()
    const { id: known } = await ann.create({ title: 'Known' })
    const fresh = uuidv7()
    const rows = [
      `${fresh},A,todo`,
      `${fresh},A,todo`,
      `${fresh},B,done`,
      `${known},C,todo`,
      `${known},C,todo`
    ]
    const file = `id,title,status\n${rows.join('\n')}\n`
    const numbersOf = async (query: string) => {
      const done = await imported(ann, file, { query })
      return [done.rows_created, done.rows_updated, done.rows_skipped, done.rows_rejected]
    }
    const said = await numbersOf(`?dry_run=true&on_conflict=${onConflict}`)
    t.strictSame(await titlesOf(ann), ['Known'])
    t.strictSame(await numbersOf(`?on_conflict=${onConflict}`), said, onConflict)
  }
})

t.test('an update takes the time of completion, and with it that the task is done', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint' })
  const at = (day: string) => `id,title,completed_at\n${task.id},Paint,${day}\n`
  const now = async () => (await ann.get(`/api/v1/tasks/${task.id}`)).json()

  const dry = await imported(ann, at('2025-01-02'), asDryRun('&on_conflict=update'))
  t.match(dry, { rows_updated: 1 })
  t.match(await now(), { status: 'todo', version: 1 })

  t.match(await imported(ann, at('2025-01-02'), update), { rows_updated: 1 })
  t.match(await now(), { status: 'done', completed_at: '2025-01-02T00:00:00.000Z', version: 2 })

  t.match(await imported(ann, at('2025-01-03'), update), { rows_updated: 1 })
  t.match(await now(), { status: 'done', completed_at: '2025-01-03T00:00:00.000Z', version: 3 })

  t.match(await imported(ann, at('2025-01-03'), update), { rows_updated: 0, rows_skipped: 1 })
  t.match(await now(), { version: 3 })
  t.strictSame(await events.of(task), ['task.created', 'task.updated', 'task.updated'])
  const history = (await ann.get(`/api/v1/tasks/${task.id}/events`)).json()
  const told = { field: 'completed_at', before: /2025-01-02/, after: '2025-01-03T00:00:00.000Z' }
  t.match(history.data[0].changes, [told])

  const open = `id,title,status,completed_at\n${task.id},Paint,todo,2025-01-04\n`
  t.match(await imported(ann, open, update), { rows_updated: 1 })
  t.match(await now(), { status: 'todo', completed_at: null })
})

t.test('tasks of projects that one sees exist, and those of an archived one stay', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await createProject(ann)
  const task = await ann.create({ title: 'Before', project_id: project.id, assignee_id: null })
  const file = (await ann.get('/api/v1/task-exports/csv')).body.replace('Before', 'After')
  await patchProject(ann, project, { archived: true })
  t.match(await imported(ann, file, update), { rows_created: 0, rows_updated: 0, rows_skipped: 1 })
  t.match((await ann.read(task)).json(), { title: 'Before', version: 1 })
  await patchProject(ann, project, { archived: false })
  t.match(await imported(ann, file, update), { rows_updated: 1 })
  t.match((await ann.read(task)).json(), { title: 'After', project_id: project.id })
  await ann.create({ title: 'Known by', assignee_id: bob.user.id })
  t.equal((await putMember(ann, project, bob, 'editor')).statusCode, 200)
  const asMember = await imported(bob, file, update)
  t.match(asMember, { rows_created: 0, rows_updated: 0, rows_skipped: 1 })
})

t.test('an id that became one of somebody else is used once', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const { id: theirs } = await bob.create({ title: 'Theirs' })
  const file = `id,title\n${theirs},Mine\n`
  t.match(await imported(ann, file), { rows_created: 1 })
  const [mine] = await tasksOf(ann)
  const project = await createProject(eve)
  await ann.create({ title: 'Known by', assignee_id: eve.user.id })
  await putMember(eve, project, ann, 'editor')
  t.equal((await ann.patch({ id: String(mine?.id) }, { project_id: project.id })).statusCode, 200)
  t.match(await imported(ann, file), { rows_created: 0, rows_skipped: 1 })
  await removeMember(eve, project, ann)
  t.match(await imported(ann, file), { rows_created: 0, rows_rejected: 1 })
  t.equal(await db.$count(tasks, eq(tasks.id, String(mine?.id))), 1)
})

t.test('rows of one id make small blocks, since each needs statements of its own', async (t) => {
  const ann = await signUp()
  const id = uuidv7()
  const rows = Array.from({ length: 45 }, (_, i) => `${id},Title ${i}`)
  const created = await accepted(ann, `id,title\n${rows.join('\n')}\n`, update)
  t.match(await ended(ann, created), { status: 'succeeded', rows_created: 1, rows_updated: 44 })
  t.match(await tasksOf(ann), [{ title: 'Title 44', version: 45 }])
})

import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import {
  asQuery,
  errorsOf,
  everyPage,
  imported,
  preview,
  upload,
  worker
} from '../../support/imports.ts'
import {
  createProject,
  patchProject,
  projectWith,
  putMember,
  removeMember
} from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db, config, events } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
worker(t, { db, config })

const exportOf = async (who: Person, query = '') =>
  (await who.get(`/api/v1/task-exports/csv${query}`)).body
const JSON_LINES = { name: 'a.jsonl', type: 'application/x-ndjson' }
const lines = (...tasks: object[]) =>
  tasks.map((data) => `${JSON.stringify({ type: 'task', data })}\n`).join('')
const tasksIn = (who: Person, { id }: { id: string }) =>
  everyPage(who, `/api/v1/tasks?sort=title_asc&project_id=${id}`)
const personal = (who: Person) => everyPage(who, '/api/v1/tasks?personal=true&sort=title_asc')

/** A file as an export has it, with tasks that exist nowhere. */
const fileOf = (...rows: [title: string, project_id: string][]) =>
  `id,title,owner_id,project_id,version,created_at,updated_at\n${rows
    .map(([title, project_id]) => `${uuidv7()},${title},,${project_id},1,,\n`)
    .join('')}`

t.test('the rows of an export go into their projects, the others are personal', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const [shared, own] = [await projectWith(ann, { editor: bob }), await createProject(bob)]
  const rows: [string, string][] = [
    ['a', shared.id],
    ['b', own.id.toUpperCase()],
    ['c', '']
  ]
  const asLines = lines(
    ...rows.map(([title, project_id]) => ({ title, project_id: project_id || null }))
  )
  t.match((await preview(bob, fileOf(...rows))).tasks, [
    { title: 'a', project_id: shared.id },
    { title: 'b', project_id: own.id },
    { title: 'c', project_id: null }
  ])
  for (const [file, options] of [
    [fileOf(...rows), {}],
    [asLines, JSON_LINES]
  ] as const) {
    const done = await imported(bob, file, options)
    t.match(done, { source: 'tasklane', project_id: null, rows_created: 3, rows_rejected: 0 })
    t.notOk(done.ignored_columns.includes('project_id'))
  }
  t.match(await tasksIn(ann, shared), [
    { title: 'a', owner_id: ann.user.id, created_by: bob.user.id },
    { title: 'a', owner_id: ann.user.id, created_by: bob.user.id }
  ])
  t.match(await tasksIn(bob, own), [
    { title: 'b', owner_id: bob.user.id, created_by: bob.user.id },
    { title: 'b' }
  ])
  t.match(await personal(bob), [{ title: 'c', project_id: null }, { title: 'c' }])
})

t.test('a row is rejected by name whose project does not take it, and no other', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const viewed = await projectWith(ann, { viewer: bob })
  const hidden = await createProject(ann)
  const archived = await createProject(bob)
  await patchProject(bob, archived, { archived: true })
  const unknown = uuidv7()
  const file = fileOf(
    ['a', viewed.id],
    ['b', hidden.id],
    ['c', unknown],
    ['d', archived.id],
    ['e', 'kitchen'],
    ['f', '']
  )
  const before = await events.count()
  for (const query of ['?dry_run=true', '']) {
    const done = await imported(bob, file, { query })
    t.match(done, { status: 'succeeded', rows_created: 1, rows_rejected: 5 })
    t.match(await errorsOf(bob, done), [
      { row: 1, column: 'project_id', code: 'not_allowed', value: viewed.id },
      { row: 2, column: 'project_id', code: 'unknown_project', value: hidden.id },
      { row: 3, column: 'project_id', code: 'unknown_project', value: unknown },
      { row: 4, column: 'project_id', code: 'project_archived', value: archived.id },
      { row: 5, column: 'project_id', code: 'malformed', value: 'kitchen' }
    ])
  }
  t.equal(await events.count(), before + 1)
  t.match(await personal(bob), [{ title: 'f' }])

  const ignoring = await imported(bob, file, { query: asQuery({ project_id: null }) })
  t.match(ignoring, { rows_created: 5, rows_skipped: 1, rows_rejected: 0 })
  t.ok(ignoring.ignored_columns.includes('project_id'))
})

t.test('a project that the request names goes before those of the rows', async (t) => {
  const bob = await signUp()
  const [one, two] = [await createProject(bob, 'One'), await createProject(bob, 'Two')]
  const query = `?project_id=${two.id}`
  for (const [file, options] of [
    [fileOf(['a', one.id], ['b', 'kitchen']), {}],
    [lines({ title: 'a', project_id: one.id }, { title: 'b', project_id: 'x' }), JSON_LINES]
  ] as const) {
    const done = await imported(bob, file, { ...options, query })
    t.match(done, { rows_created: 2, rows_rejected: 0 })
    t.ok(done.ignored_columns.includes('project_id'))
  }
  t.equal((await tasksIn(bob, two)).length, 4)
  t.strictSame(await tasksIn(bob, one), [])

  const both = `${query}&${asQuery({ list: 'project_id' }).slice(1)}`
  t.match((await upload(bob, `title,list\na,${one.id}\n`, { query: both })).json(), {
    status: 400,
    errors: [{ in: 'query', pointer: '/mapping/list', code: 'contradiction' }]
  })
})

t.test(
  'projects of other programs are ignored, unless the sender says that they are ours',
  async (t) => {
    const bob = await signUp()
    const project = await createProject(bob)
    const file = `title,project_id\na,${project.id}\n`
    t.match(await imported(bob, file), { ignored_columns: ['project_id'], rows_created: 1 })
    const line = `${JSON.stringify({ title: 'a', project_id: project.id })}\n`
    t.match(await imported(bob, line, JSON_LINES), { ignored_columns: ['project_id'] })
    t.strictSame(await tasksIn(bob, project), [])
    for (const [content, options] of [
      [file, {}],
      [line, JSON_LINES]
    ] as const) {
      const query = asQuery({ project_id: 'project_id' })
      t.match(await imported(bob, content, { ...options, query }), { ignored_columns: [] })
    }
    t.equal((await tasksIn(bob, project)).length, 2)
  }
)

t.test('importing the export of a project again adds nothing, whoever does it', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob, viewer: eve })
  const task = await ann.create({ title: 'Measure', project_id: project.id })
  await bob.create({ title: 'Order', project_id: project.id })
  const file = await exportOf(ann, `?project_id=${project.id}`)
  const count = await events.count()
  for (const who of [ann, bob, eve]) {
    for (const query of ['', '?on_conflict=update']) {
      t.match(await imported(who, file, { query }), { rows_skipped: 2, rows_rejected: 0 })
    }
  }
  t.match(await imported(bob, file, { query: `?project_id=${project.id}` }), { rows_skipped: 2 })
  t.equal(await events.count(), count)

  const changed = file.replace('Measure,,todo', 'Measure,new,done')
  t.match(await imported(eve, changed, { query: '?on_conflict=update' }), { rows_skipped: 2 })
  const query = '?on_conflict=update'
  t.match(await imported(bob, changed, { query: `${query}&dry_run=true` }), { rows_updated: 1 })
  t.match(await imported(bob, changed, { query }), { rows_updated: 1, rows_skipped: 1 })
  t.match((await ann.read(task)).json(), { description: 'new', status: 'done', version: 2 })
  t.match(await everyPage(ann, `/api/v1/tasks/${task.id}/events`), [
    { actor_id: bob.user.id },
    { actor_id: ann.user.id }
  ])
  const conflict = await imported(bob, file, { query: '?on_conflict=error' })
  t.match(conflict, { rows_rejected: 2 })
  t.match(await errorsOf(bob, conflict), [{ code: 'id_taken' }, { code: 'id_taken' }])
})

t.test('an import moves no task into another list', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const other = await projectWith(ann, { editor: bob })
  const mine = await bob.create({ title: 'mine' })
  const hers = await ann.create({ title: 'hers', project_id: other.id })
  const file = `id,title\n${mine.id},mine too\n${hers.id},hers too\n`
  const query = `?project_id=${project.id}&on_conflict=update`
  t.match(await imported(bob, file, { query }), { rows_updated: 1, rows_skipped: 1 })
  t.match((await bob.read(mine)).json(), { title: 'mine too', project_id: null })
  t.match((await bob.read(hers)).json(), { title: 'hers', project_id: other.id })
  t.strictSame(await tasksIn(bob, project), [])
})

t.test(
  'ids of tasks that nobody may know of are replaced, the same for all in a project',
  async (t) => {
    const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
    const secret = await eve.create({ title: 'secret' })
    const project = await projectWith(ann, { editor: bob })
    const file = `id,title\n${secret.id},plain\n`
    const query = `?project_id=${project.id}`
    t.match(await imported(bob, file, { query }), { rows_created: 1 })
    t.match(await imported(ann, file, { query }), { rows_skipped: 1 })
    const [task] = await tasksIn(ann, project)
    t.match(task, { title: 'plain', created_by: bob.user.id })
    t.not(task?.id, secret.id)
    await putMember(ann, project, bob, 'viewer')
    await removeMember(ann, project, bob)
    t.match(await imported(bob, file), { rows_created: 1 })
    t.match((await eve.read(secret)).json(), { title: 'secret', version: 1 })
  }
)

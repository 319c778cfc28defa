import { eq } from 'drizzle-orm'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { taskImportBlocks } from '../../../src/db/tables/task-imports.ts'
import { accountFile, checksumOf, JSON_LINES } from '../../support/account-files.ts'
import { changesSince, presentOf, typesOf } from '../../support/changes.ts'
import { bodiesOn, comment, commentsOn } from '../../support/comments.ts'
import { imported, preview, tasksOf, worker } from '../../support/imports.ts'
import {
  createProject,
  deleteProject,
  patchProject,
  projectUrl,
  projectWith,
  putMember
} from '../../support/projects.ts'
import { createBelow, treeViolations } from '../../support/subtasks.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const here = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const there = await createTestApp(t, { env: { MAX_PROJECTS_PER_USER: '5' } })
worker(t, here)
worker(t, there)

type Id = { id: string }
/** An account with projects, subtasks, an own order and comments. */
async function household(): Promise<Person> {
  const ann = await here.signUp()
  const kitchen = await createProject(ann, 'Kitchen')
  const attic = await createProject(ann, 'Attic')
  await patchProject(ann, attic, { description: 'Upstairs', color: '#2F6FDE' })
  for (const project_id of [kitchen.id, attic.id, null]) {
    const top = await ann.create({
      title: 'Top',
      project_id,
      tags: ['a', 'b'],
      due_date: '2026-05-01'
    })
    const [first, second] = await createBelow(ann, top, ['First', 'Second'])
    await createBelow(ann, first as { id: string }, ['Leaf'])
    await ann.patch(second as { id: string }, { status: 'done' })
    await comment(ann, top, 'One\ntwo @ three')
    await comment(ann, top, 'Second')
    await ann.post(`/api/v1/tasks/${first?.id}/move`, { after_id: second?.id })
  }
  await patchProject(ann, attic, { archived: true })
  return ann
}

t.test('a whole account moves to another installation, and again changes nothing', async (t) => {
  const ann = await household()
  const file = await accountFile(ann)
  const away = await there.signUp()
  const shown = await preview(away, file, JSON_LINES)
  t.match(shown, {
    rows_valid: 12,
    comments_total: 6,
    projects: [
      { name: 'Kitchen', project_id: null, rows_total: 4 },
      { name: 'Attic', project_id: null, rows_total: 4 }
    ]
  })
  const dryRun = await imported(away, file, { ...JSON_LINES, query: '?dry_run=true' })
  t.match(dryRun, { rows_created: 12, rows_rejected: 0, projects_created: 0, comments_created: 0 })
  const done = await imported(away, file, JSON_LINES)
  t.match(done, {
    status: 'succeeded',
    source: 'tasklane',
    rows_total: 12,
    rows_created: 12,
    rows_rejected: 0,
    errors_total: 0,
    projects_created: 2,
    comments_created: 6
  })
  t.equal(checksumOf(await accountFile(away)), checksumOf(file))
  t.match(done.warnings, [{ code: 'history_not_imported', detail: /^\d+ events/ }])
  t.ok(
    (await commentsOn(away, (await tasksOf(away))[0] as { id: string })).every(
      ({ author_id }) => author_id === away.user.id
    )
  )

  const before = await accountFile(away)
  for (const query of ['', '?on_conflict=update']) {
    const again = await imported(away, file, { ...JSON_LINES, query })
    t.match(again, {
      rows_skipped: 12,
      rows_imported: 0,
      projects_created: 0,
      comments_created: 0
    })
    t.strictSame(
      again.warnings.map(({ code }) => code),
      ['history_not_imported']
    )
  }
  t.equal(await accountFile(away), before)
  t.match(await preview(away, file, JSON_LINES), {
    projects: [{ project_id: /./ }, { project_id: /./ }]
  })
  const back = await here.signUp()
  t.match(await imported(back, before, JSON_LINES), { rows_created: 12, comments_created: 6 })
  t.strictSame(await treeViolations(there.db), [])
})

t.test('what an account brings along is in the feed of changes, each once', async (t) => {
  const file = await accountFile(await household())
  const away = await there.signUp()
  const before = await presentOf(away)
  await imported(away, file, JSON_LINES)
  const { data } = await changesSince(away, before)
  const counts = Map.groupBy(typesOf(data), (type) => type)
  t.strictSame(Object.fromEntries([...counts].map(([type, { length }]) => [type, length])), {
    'project.created': 2,
    'task.created': 12,
    'comment.created': 6,
    'project.updated': 1,
    'import.finished': 1
  })
})

t.test('in the same installation an account gets a copy under other ids, once', async (t) => {
  const [ann, bob] = [await household(), await here.signUp()]
  const file = await accountFile(ann)
  for (const [projects_created, rows_created, comments_created] of [
    [2, 12, 6],
    [0, 0, 0]
  ]) {
    const done = await imported(bob, file, JSON_LINES)
    t.match(done, { projects_created, rows_created, comments_created, errors_total: 0 })
  }
  const tasks = await tasksOf(bob)
  t.ok(tasks.every(({ owner_id }) => owner_id === bob.user.id))
  t.equal(tasks.filter(({ parent_id }) => parent_id !== null).length, 9)
  const [top] = tasks.filter(({ comment_count }) => comment_count === 2)
  const texts = await bodiesOn(bob, top as { id: string })
  t.match(texts, [/^.+ wrote:\n\nOne\ntwo @ three$/, /wrote:\n\nSecond$/])
  t.equal(checksumOf(await accountFile(ann)), checksumOf(file))
})

t.test('nobody is made the author of what somebody else brings along', async (t) => {
  const [ann, bob] = [await here.signUp(), await here.signUp()]
  const project = await projectWith(ann, { editor: bob })
  const task = await ann.create({ title: 'Paint', project_id: project.id })
  await comment(bob, task, 'Blue')
  await comment(ann, task, 'Green')
  const file = await accountFile(ann)
  const [away, other] = [await there.signUp(), await here.signUp()]
  const done = await imported(away, file, JSON_LINES)
  t.match(done, { comments_created: 2 })
  t.match(done.warnings, [
    { code: 'history_not_imported' },
    { code: 'people_not_imported', detail: /^1 / }
  ])
  const [copy] = await tasksOf(away)
  t.match(await commentsOn(away, copy as { id: string }), [
    { author_id: away.user.id, body: new RegExp(`^.*${bob.user.username}.* wrote:\n\nBlue$`) },
    { author_id: away.user.id, body: 'Green' }
  ])
  await imported(other, file, JSON_LINES)
  const [own] = await tasksOf(other)
  t.match(await commentsOn(other, own as { id: string }), [
    { author_id: other.user.id, body: /wrote:\n\nBlue$/ },
    { author_id: other.user.id, body: `${ann.user.username} wrote:\n\nGreen` }
  ])
  t.match(await imported(ann, file, JSON_LINES), { rows_skipped: 1, comments_created: 0 })
  t.equal((await commentsOn(ann, task)).length, 2)
})

t.test('what cannot be taken is counted and told', async (t) => {
  const away = await there.signUp()
  const [ann, other] = [await here.signUp(), await here.signUp()]
  const names = ['A', 'B', 'C', 'D', 'E', 'F', 'Gone']
  const projects: Id[] = []
  for (const name of names) {
    projects.push(await createProject(ann, name))
  }
  const [first, sixth, gone] = [0, 5, 6].map((i) => projects[i] as { id: string }) as [Id, Id, Id]
  await putMember(ann, first, other, 'viewer')
  await ann.create({ title: 'In six', project_id: sixth.id })
  await deleteProject(ann, gone)
  const task = await ann.create({ title: 'Plain' })
  await comment(ann, task)
  const lost = {
    type: 'task_comment',
    data: { id: uuidv7(), task_id: uuidv7(), author_id: uuidv7(), body: 'x' }
  }
  const wrong = { type: 'task_comment', data: { id: 1 } }
  const file =
    (await accountFile(ann)) + [lost, wrong].map((line) => `${JSON.stringify(line)}\n`).join('')
  const done = await imported(away, file, JSON_LINES)
  t.match(done, { projects_created: 5, rows_created: 1, rows_rejected: 1, comments_created: 1 })
  t.match(Object.fromEntries(done.warnings.map(({ code, detail }) => [code, detail])), {
    people_not_imported: /^1 /,
    projects_in_trash: /^1 /,
    records_not_valid: /^1 /,
    projects_not_imported: /^1 /,
    comments_not_imported: /^1 /
  })
  const none = await there.signUp()
  const without = await imported(none, file, { ...JSON_LINES, query: '?create_projects=false' })
  t.match(without, { projects_created: 0, rows_created: 1, rows_rejected: 1 })
  t.ok(without.warnings.some(({ code }) => code === 'projects_not_created'))
  const into = await createProject(none)
  const all = await imported(none, file, { ...JSON_LINES, query: `?project_id=${into.id}` })
  t.match(all, { projects_created: 0, rows_created: 2, rows_rejected: 0 })
})

/** Splits the file of an account as the documentation says, every so many tasks and comments. */
function partsOf(file: string, lines: number): string[] {
  const all = file.trimEnd().split('\n')
  const head = all
    .filter((line) => /^."type":"(account|project|project_member)"/.test(line))
    .map((line) => line.replace('"archived":true', '"archived":false'))
  const rest = all.filter((line) => /^."type":"task(_comment)?"/.test(line))
  return Array.from({ length: Math.ceil(rest.length / lines) }, (_, i) =>
    [...head, ...rest.slice(i * lines, (i + 1) * lines), ''].join('\n')
  )
}

t.test('an account comes along in parts, with its comments', async (t) => {
  const ann = await household()
  const file = await accountFile(ann)
  const parts = partsOf(file, 5)
  t.equal(parts.length, 4)
  for (const [who, isAway] of [
    [await there.signUp(), true],
    [await here.signUp(), false]
  ] as const) {
    const counts = { projects: 0, rows: 0, comments: 0 }
    for (const part of parts) {
      const done = await imported(who, part, JSON_LINES)
      t.match(done, { rows_rejected: 0, errors_total: 0, warnings: [] })
      counts.projects += done.projects_created
      counts.rows += done.rows_created
      counts.comments += done.comments_created
    }
    t.strictSame(counts, { projects: 2, rows: 12, comments: 6 })
    const [attic] = (await who.get('/api/v1/projects?sort=name_asc')).json().data
    t.match(attic, { name: 'Attic', owner_id: who.user.id })
    await patchProject(who, attic, { archived: true })
    if (isAway) {
      t.equal(checksumOf(await accountFile(who)), checksumOf(file))
    }
  }
  t.equal(checksumOf(await accountFile(ann)), checksumOf(file))
})

t.test('an archived project without tasks is archived before the import has ended', async (t) => {
  const ann = await here.signUp()
  const attic = await createProject(ann, 'Empty attic')
  await patchProject(ann, attic, { archived: true })
  const away = await there.signUp()
  const done = await imported(away, await accountFile(ann), JSON_LINES)
  t.match(done, { status: 'succeeded', rows_total: 0, projects_created: 1 })
  const read = await away.get(projectUrl(attic))
  t.match(read.json(), { name: 'Empty attic', archived: true, owner_id: away.user.id })
  t.equal(await there.db.$count(taskImportBlocks, eq(taskImportBlocks.import_id, done.id)), 0)
})

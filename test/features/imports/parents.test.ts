import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { errorsOf, imported, preview, tasksOf, worker } from '../../support/imports.ts'
import { createProject } from '../../support/projects.ts'
import { createBelow, insertBelow, treeViolations } from '../../support/subtasks.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db, config, events } = await createTestApp(t)
worker(t, { db, config })
const elsewhere = await createTestApp(t)
worker(t, elsewhere)

const JSON_LINES = { name: 'a.jsonl', type: 'application/x-ndjson' }
const exportOf = async (who: Person, query = '') =>
  (await who.get(`/api/v1/task-exports/csv${query}`)).body
const linesOf = (...tasks: object[]) => tasks.map((task) => `${JSON.stringify(task)}\n`).join('')

/** The titles of the tasks that each task of a person is below of, by its title. */
async function pathsOf(who: Person): Promise<Record<string, string>> {
  const tasks = await tasksOf(who)
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const pathOf = (id: unknown): string => {
    const task = byId.get(id as string)
    return task ? `${pathOf(task.parent_id)}/${task.title}` : ''
  }
  return Object.fromEntries(tasks.map(({ title, parent_id }) => [title, pathOf(parent_id)]))
}

/** An account with a tree of three levels. */
async function family(): Promise<Person> {
  const ann = await signUp()
  const top = await ann.create({ title: 'Top' })
  const [first] = await createBelow(ann, top, ['First', 'Second'])
  await createBelow(ann, first as { id: string }, ['Leaf'])
  return ann
}
const FAMILY = { Top: '', First: '/Top', Second: '/Top', Leaf: '/Top/First' }

t.test('an export takes along which tasks are below which, to another installation', async (t) => {
  const ann = await family()
  const file = await exportOf(ann)
  const away = await elsewhere.signUp()
  for (const rows_created of [4, 0]) {
    const done = await imported(away, file)
    t.match(done, { rows_created, rows_rejected: 0, errors_total: 0 })
    t.notOk(done.ignored_columns.includes('parent_id'))
  }
  t.strictSame(await pathsOf(away), FAMILY)
  t.ok((await tasksOf(away)).every(({ version }) => version === 1))
  t.match(await imported(away, file, { query: '?on_conflict=update' }), { rows_skipped: 4 })

  // Ids that belong to somebody else are replaced, with those of the parents.
  const bob = await signUp()
  t.match(await imported(bob, file), { rows_created: 4, errors_total: 0 })
  t.strictSame(await pathsOf(bob), FAMILY)
  t.match(await imported(bob, file), { rows_skipped: 4 })
})

t.test('a parent may come later in the file, hundreds of rows further down', async (t) => {
  const [ann, ids] = [await signUp(), Array.from({ length: 450 }, () => uuidv7())]
  const [top = '', ...others] = ids
  const children = others.map((id, i) => ({
    id,
    title: `Child ${i}`,
    parent_id: i < 150 ? top : null
  }))
  const done = await imported(ann, linesOf(...children, { id: top, title: 'Top' }), JSON_LINES)
  t.match(done, { status: 'succeeded', rows_created: 450, errors_total: 0 })
  const tasks = await tasksOf(ann)
  t.equal(tasks.filter(({ parent_id }) => parent_id === top).length, 150)
  const [first] = tasks.filter(({ title }) => title === 'Child 0')
  t.strictSame(await events.of(first as { id: string }), ['task.created', 'task.updated'])
})

t.test('what cannot be below its parent is imported all the same, and told by row', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const [a, b, c, d, e] = ['', '', '', '', ''].map(() => uuidv7()) as [
    string,
    string,
    string,
    string,
    string
  ]
  const [x, y] = [uuidv7(), uuidv7()]
  const unknown = uuidv7()
  const elsewhere = await ann.create({ title: 'In a project', project_id: project.id })
  const gone = await ann.create({ title: 'Gone' })
  await ann.remove(gone)
  const full = await ann.create({ title: 'Full' })
  await insertBelow(db, full, 200)
  const file = linesOf(
    { id: a, title: 'Level 1' },
    { id: b, title: 'Level 2', parent_id: a },
    { id: c, title: 'Level 3', parent_id: b },
    { id: d, title: 'Level 4', parent_id: c },
    { id: e, title: 'Level 5', parent_id: d },
    { title: 'Orphan', parent_id: unknown },
    { title: 'Other list', parent_id: elsewhere.id },
    { title: 'Below the trash', parent_id: gone.id },
    { title: 'One too many', parent_id: full.id },
    { id: x, title: 'X', parent_id: y },
    { id: y, title: 'Y', parent_id: x },
    { title: 'Nonsense', parent_id: 'the kitchen' }
  )
  const done = await imported(ann, file, JSON_LINES)
  t.match(done, { status: 'succeeded', rows_created: 12, rows_rejected: 0, errors_total: 8 })
  t.match(await errorsOf(ann, done), [
    { row: 4, column: 'parent_id', code: 'too_deep', value: c },
    { row: 5, column: 'parent_id', code: 'too_deep', value: d },
    { row: 6, column: 'parent_id', code: 'unknown_parent', value: unknown },
    { row: 7, column: 'parent_id', code: 'other_list', value: elsewhere.id },
    { row: 8, column: 'parent_id', code: 'unknown_parent', value: gone.id },
    { row: 9, column: 'parent_id', code: 'too_many_subtasks', value: full.id },
    { row: 10, column: 'parent_id', code: 'cycle', value: y },
    { row: 12, column: 'parent_id', code: 'unknown_parent', value: 'the kitchen' }
  ])
  t.match(await pathsOf(ann), {
    'Level 3': '/Level 1/Level 2',
    'Level 4': '/Level 1/Level 2',
    'Level 5': '/Level 1/Level 2',
    Orphan: '',
    'Other list': '',
    'Below the trash': '',
    'One too many': '',
    X: '',
    Y: '/X',
    Nonsense: ''
  })
  const before = await events.count()
  const ids = file.split('\n').filter((line) => line.includes('"id"'))
  const again = await imported(ann, `${ids.join('\n')}\n`, {
    ...JSON_LINES,
    query: '?on_conflict=update'
  })
  t.match(again, { rows_skipped: 7, rows_updated: 0 })
  t.equal(await events.count(), before)
})

t.test('on_conflict=update puts tasks where the file has them, each as a change', async (t) => {
  const ann = await family()
  const rows = await tasksOf(ann)
  const idOf = (title: string) => rows.find((task) => task.title === title)?.id ?? ''
  const file =
    'id,title,parent_id\n' +
    `${idOf('Leaf')},Leaf,${idOf('Second')}\n${idOf('First')},Renamed,\n${idOf('Second')},Second,${idOf('Top')}\n`
  const [query, header] = ['?on_conflict=update', { query: '' }]
  t.match(await imported(ann, file, header), { rows_skipped: 3 })
  t.strictSame(await pathsOf(ann), FAMILY)
  t.match(await imported(ann, file, { query: `${query}&dry_run=true` }), {
    rows_updated: 2,
    rows_skipped: 1
  })
  t.match(await imported(ann, file, { query }), {
    rows_updated: 2,
    rows_skipped: 1,
    rows_created: 0
  })
  t.strictSame(await pathsOf(ann), { Top: '', Renamed: '', Second: '/Top', Leaf: '/Top/Second' })
  t.strictSame(await events.of({ id: idOf('Leaf') }), ['task.created', 'task.updated'])
  t.match(await imported(ann, file, { query }), { rows_updated: 0, rows_skipped: 3 })
  t.match(await imported(ann, `id,title\n${idOf('Leaf')},Leaf\n`, { query }), { rows_skipped: 1 })
  t.match(await pathsOf(ann), { Leaf: '/Top/Second' })
})

t.test('rows of no ids name their parents by what the file calls them', async (t) => {
  const ann = await signUp()
  const done = await imported(ann, 'id,title,Parent ID\n3,Leaf,2\n1,Top,\n2,Middle,1\n4,Lost,9\n')
  t.match(done, { rows_created: 4, errors_total: 1 })
  t.match(await errorsOf(ann, done), [{ row: 4, code: 'unknown_parent', value: '9' }])
  t.strictSame(await pathsOf(ann), { Top: '', Middle: '/Top', Leaf: '/Top/Middle', Lost: '' })
  const bob = await signUp()
  await imported(bob, 'title,parent\nTop,\nBelow,Top\n')
  t.strictSame(await pathsOf(bob), { Top: '', Below: '/Top' })
})

t.test('programs that write parents keep them', async (t) => {
  const files = {
    todoist:
      'TYPE,CONTENT,PRIORITY,INDENT\ntask,Top,1,1\ntask,Middle,1,2\ntask,Leaf,1,3\nnote,x,,\n' +
      'task,Second,1,2\ntask,,1,1\ntask,Lost,1,2\n',
    ticktick:
      'List Name,Title,Content,Is Check list,Status,taskId,parentId\n' +
      'x,Leaf,,N,0,3,2\nx,Top,,N,0,1,\nx,Middle,,N,0,2,1\nx,Second,,N,0,4,1\nx,Lost,,N,0,5,77\n',
    asana:
      'Task ID,Created At,Completed At,Name,Section/Column,Parent task\n' +
      '1,,,Top,,\n2,,,Middle,,Top\n3,,,Leaf,,Middle\n4,,,Second,,Top\n5,,,Lost,,Nobody\n',
    jira:
      'Summary,Issue key,Issue id,Issue Type,Status,Parent id,Parent\n' +
      'Top,H-1,1,Epic,To Do,,\nMiddle,H-2,2,Story,To Do,,1\nLeaf,H-3,3,Sub-task,To Do,2,\n' +
      'Second,H-4,4,Story,To Do,H-1,\nLost,H-5,5,Story,To Do,,99\n'
  }
  for (const [source, file] of Object.entries(files)) {
    const ann = await signUp()
    const shown = await preview(ann, file)
    t.equal(shown.source, source)
    t.ok(shown.columns.some(({ field }) => field === 'parent_id'))
    const [top, leaf] = ['Top', 'Leaf'].map((title) => shown.tasks.find((it) => it.title === title))
    const [middle] = shown.tasks.filter(({ title }) => title === 'Middle')
    t.match([middle?.parent_row, leaf?.parent_row, top?.parent_row], [top?.row, middle?.row, null])
    t.match(shown.errors.at(-1), { column: 'parent_id', code: 'unknown_parent' })
    const done = await imported(ann, file)
    t.match(done, { source, status: 'succeeded' })
    t.match((await errorsOf(ann, done)).at(-1), { column: 'parent_id', code: 'unknown_parent' })
    t.match(await pathsOf(ann), {
      Top: '',
      Middle: '/Top',
      Leaf: '/Top/Middle',
      Second: '/Top',
      Lost: ''
    })
  }
})

t.test('a level that a row skips is that of the rows beside it', async (t) => {
  const ann = await signUp()
  const levels = [1, 3, 3, 4, 2, 3, 1, 2]
  const rows = levels.map((level, i) => `task,${'abcdefgh'[i]},1,${level}\n`)
  await imported(ann, `TYPE,CONTENT,PRIORITY,INDENT\n${rows.join('')}`)
  t.strictSame(await pathsOf(ann), {
    a: '',
    b: '/a',
    c: '/a',
    d: '/a/c',
    e: '/a',
    f: '/a/e',
    g: '',
    h: '/g'
  })
  const bob = await signUp()
  const rejected = 'task,a,1,1\ntask,,1,3\ntask,b,1,4\ntask,c,1,3\ntask,d,1,2\n'
  await imported(bob, `TYPE,CONTENT,PRIORITY,INDENT\n${rejected}`)
  t.strictSame(await pathsOf(bob), { a: '', b: '', c: '/a', d: '/a' })
})

t.test('a row that is the parent and cannot be is not said to be missing', async (t) => {
  const [ann, id] = [await signUp(), uuidv7()]
  const files = [
    ['id,title,parent\n1,,\n2,Below,1\n', /is rejected/],
    ['id,title,parent\n2,Below,1\n1,,\n', /is rejected/],
    ['title,status,parent\nTop,nonsense,\nBelow,,Top\n', /is rejected/],
    ['TYPE,CONTENT,PRIORITY,INDENT\ntask,,1,1\ntask,Below,1,2\n', /is rejected/],
    [`id,title,parent\n${id},Below,x\nx,Top,\n`, /comes later/],
    ['id,title,parent\n1,Top,\n2,Below,3\n', /^No other row of the file is the parent/]
  ] as const
  for (const [file, message] of files) {
    const expected = { column: 'parent_id', code: 'unknown_parent', message }
    const shown = await preview(ann, file)
    t.match(
      shown.errors.find(({ column }) => column === 'parent_id'),
      expected,
      file
    )
    const found = await errorsOf(ann, await imported(ann, file))
    t.match(
      found.find(({ column }) => column === 'parent_id'),
      expected,
      file
    )
  }
})

t.test('a row below one that comes twice, once rejected, is below the other', async (t) => {
  const ann = await signUp()
  const file = 'title,status,parent\nBelow,,Top\nTop,nonsense,\nTop,,\n'
  t.match(await imported(ann, file), { rows_created: 2, errors_total: 1 })
  t.strictSame(await pathsOf(ann), { Below: '/Top', Top: '' })
})

t.test('a dry run makes nothing and tells of parents that no row is', async (t) => {
  const ann = await signUp()
  const file = 'id,title,parent_id\n1,Top,\n2,Below,1\n3,Lost,x\n'
  const done = await imported(ann, file, { query: '?dry_run=true' })
  t.match(done, { status: 'succeeded', rows_created: 3, errors_total: 1 })
  t.strictSame(await tasksOf(ann), [])
})

t.test('after all of this the rules of subtasks hold for every task', async (t) => {
  t.strictSame(await treeViolations(db), [])
})

import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import {
  asQuery,
  errorsOf,
  foreign,
  imported,
  preview,
  tasksOf,
  upload,
  worker
} from '../../support/imports.ts'
import { createProject, patchProject, projectWith } from '../../support/projects.ts'
import { statementsDuring, withoutStatements } from '../../support/statements.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db, config } = await createTestApp(t, {
  env: { DIRECTORY: 'all', MAX_PROJECTS_PER_USER: '3' }
})
worker(t, { db, config })

const projectsOf = async (who: Person): Promise<{ id: string; name: string }[]> =>
  (await who.get('/api/v1/projects?sort=name_asc&archived=include')).json().data
const namesOf = async (who: Person) => (await projectsOf(who)).map(({ name }) => name)
/** The name of the project of each task, by its title. */
async function placesOf(who: Person) {
  const names = new Map((await projectsOf(who)).map(({ id, name }) => [id, name]))
  const tasks = await tasksOf(who)
  return Object.fromEntries(
    tasks.map(({ title, project_id }) => [title, names.get(project_id as string) ?? null])
  )
}

t.test(
  'rows go into the projects that they name, which are made where they are missing',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const own = await createProject(bob, 'Küche')
    await projectWith(ann, { editor: bob, viewer: await signUp() })
    const file = 'title,Project\nPaint,KUCHE\nOrder,kitchen\nDig,Garden\nRake, garden \nCall,\n'
    const shown = await preview(bob, file)
    t.match(shown.projects, [
      { name: 'KUCHE', project_id: own.id, rows_total: 1 },
      { name: 'kitchen', project_id: /./, rows_total: 1 },
      { name: 'Garden', project_id: null, rows_total: 2 }
    ])
    t.strictSame(await namesOf(bob), ['Kitchen', 'Küche'], 'a preview makes none')
    const done = await imported(bob, file)
    t.match(done, { rows_created: 5, rows_rejected: 0, ignored_columns: [] })
    t.strictSame(await placesOf(bob), {
      Paint: 'Küche',
      Order: 'Kitchen',
      Dig: 'Garden',
      Rake: 'Garden',
      Call: null
    })
    t.match(await imported(bob, file), { rows_created: 5, rows_rejected: 0 })
    t.strictSame(await namesOf(bob), ['Garden', 'Kitchen', 'Küche'])
  }
)

t.test(
  'create_projects=false rejects the rows of missing projects, and a dry run makes none',
  async (t) => {
    const ann = await signUp()
    const file = 'title,project\na,Garden\nb,\n'
    t.match(await imported(ann, file, { query: '?dry_run=true' }), { rows_created: 2 })
    const done = await imported(ann, file, { query: '?create_projects=false' })
    t.match(done, { rows_created: 1, rows_rejected: 1 })
    t.match(await errorsOf(ann, done), [
      { row: 1, column: 'project', code: 'unknown_project', value: 'Garden' }
    ])
    t.strictSame(await namesOf(ann), [])
    t.match(await imported(ann, file, { query: asQuery({ project: null }) }), {
      rows_created: 2,
      ignored_columns: ['project']
    })
    t.strictSame(await namesOf(ann), [])
  }
)

t.test('no more projects are made than somebody may own, and their rows are told', async (t) => {
  const ann = await signUp()
  const file = 'title,project\na,One\nb,Two\nc,Three\nd,Four\ne,one\nf,Five\ng,Four\n'
  const done = await imported(ann, file)
  t.match(done, { rows_created: 4, rows_rejected: 3 })
  const rejected = [
    [4, 'Four'],
    [6, 'Five'],
    [7, 'Four']
  ] as const
  t.match(
    await errorsOf(ann, done),
    rejected.map(([row, value]) => ({ row, column: 'project', code: 'quota_exceeded', value }))
  )
  t.equal((await namesOf(ann)).length, 3)
})

t.test('a project that takes no tasks is not replaced by another one', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const archived = await createProject(ann, 'Attic')
  await patchProject(ann, archived, { archived: true })
  const done = await imported(ann, 'title,project\na,Attic\n')
  t.match(done, { rows_rejected: 1 })
  t.match(await errorsOf(ann, done), [{ column: 'project_id', code: 'project_archived' }])
  await projectWith(ann, { viewer: bob })
  t.match(await imported(bob, 'title,project\na,Kitchen\n'), { rows_created: 1 })
  t.match(
    (await projectsOf(bob)).map(({ name }) => name),
    ['Kitchen', 'Kitchen']
  )
})

t.test('project_id of the request goes before the names of rows', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann, 'All')
  const query = `?project_id=${project.id}`
  for (const [content, options] of [
    ['title,project\na,One\n', {}],
    ['{"title":"b","project":"One"}\n', { name: 'a.jsonl', type: 'application/x-ndjson' }]
  ] as const) {
    const done = await imported(ann, content, { ...options, query })
    t.match(done, { rows_created: 1, ignored_columns: ['project'] })
  }
  t.strictSame(await placesOf(ann), { a: 'All', b: 'All' })
  const both = `${query}&${asQuery({ x: 'project' }).slice(1)}`
  t.match((await upload(ann, 'title,x\na,One\n', { query: both })).json(), {
    status: 400,
    errors: [{ pointer: '/mapping/x', code: 'contradiction' }]
  })
})

t.test('the projects of other programs come along', async (t) => {
  for (const [file, names] of [
    ['asana-project', ['Party']],
    ['jira-filter', ['TestApp']],
    ['ticktick-backup', ['Kitchen']],
    ['trello-board', ['TestApp']]
  ] as const) {
    const ann = await signUp()
    t.match(await imported(ann, foreign(file)), { rows_rejected: 0 })
    t.strictSame(await namesOf(ann), names, file)
    t.ok((await tasksOf(ann)).every(({ project_id }) => project_id !== null))
  }
  const ann = await signUp()
  const line = '{"title":"a","project":{"name":"Object"}}\n{"title":"b","project":["List"]}\n'
  await imported(ann, line, { name: 'a.jsonl', type: 'application/x-ndjson' })
  t.strictSame(await placesOf(ann), { a: 'Object', b: 'List' })
})

t.test(
  'a row whose task exists makes no project, and is not rejected for want of one',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const shared = await projectWith(ann, { editor: bob })
    const file = `id,title,project\n${uuidv7()},Dig,Garden\n${uuidv7()},Order,Kitchen\n`
    t.match(await imported(bob, file), { rows_created: 2 })
    const garden = (await projectsOf(bob)).find(({ name }) => name === 'Garden')
    await patchProject(bob, garden as { id: string }, { name: 'Yard' })
    await patchProject(ann, shared, { name: 'Pantry' })
    const changed = file.replace('Dig', 'Rake')
    for (const [content, query, counts] of [
      [file, '?create_projects=false', { rows_skipped: 2 }],
      [file, '', { rows_skipped: 2 }],
      [changed, '?on_conflict=update&dry_run=true', { rows_updated: 1, rows_skipped: 1 }],
      [changed, '?on_conflict=update&create_projects=false', { rows_updated: 1, rows_skipped: 1 }],
      [changed, '?on_conflict=update', { rows_skipped: 2 }]
    ] as const) {
      t.match(await imported(bob, content, { query }), { ...counts, rows_rejected: 0 }, query)
    }
    const taken = await imported(bob, file, { query: '?on_conflict=error' })
    t.match(await errorsOf(bob, taken), [{ code: 'id_taken' }, { code: 'id_taken' }])
    t.strictSame(await namesOf(bob), ['Pantry', 'Yard'])
    t.strictSame(await placesOf(bob), { Rake: 'Yard', Order: 'Pantry' })
    const id = uuidv7()
    const fresh = `${changed}${id},Weed,Garden\n${id},Weed,Shed\n`
    t.match(await imported(bob, fresh), { rows_created: 1, rows_skipped: 3 })
    t.strictSame(await namesOf(bob), ['Garden', 'Pantry', 'Yard'])
    t.strictSame(await placesOf(bob), { Rake: 'Yard', Order: 'Pantry', Weed: 'Garden' })
  }
)

t.test(
  'whether there is room for a project is asked once for rows that find none',
  { skip: withoutStatements },
  async (t) => {
    const ann = await signUp()
    for (const name of ['One', 'Two', 'Three']) {
      await createProject(ann, name)
    }
    const file = `title,project\n${Array.from({ length: 50 }, (_, i) => `a,New ${i}\n`).join('')}`
    const texts = await statementsDuring({ db }, async () => {
      t.match(await imported(ann, file), { rows_created: 0, rows_rejected: 50 })
    })
    const asked = texts.filter((text) => /count\(\*\).*from "?projects"?/is.test(text))
    t.equal(asked.length, 1)
  }
)

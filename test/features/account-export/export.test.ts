import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { imported, tasksOf, worker } from '../../support/imports.ts'
import {
  createProject,
  deleteProject,
  invitationsOf,
  invite,
  invitePerson,
  projectUrl,
  projectWith,
  withdrawInvitation
} from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db, config } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
worker(t, { db, config })
const elsewhere = await createTestApp(t)
worker(t, elsewhere)

const EXPORT = '/api/v1/me/export'
type Line = { type: string; data: Record<string, unknown> }
const linesOf = (file: string): Line[] =>
  file
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
const ofType = (lines: Line[], type: string) =>
  lines.filter((line) => line.type === type).map(({ data }) => data)

async function household(): Promise<Person> {
  const ann = await signUp()
  const first = await ann.create({
    title: 'Line one\u2028',
    description: 'a\nb',
    tags: ['x', '=y']
  })
  await ann.patch(first, { status: 'done' })
  await ann.remove(await ann.create({ title: 'Gone' }))
  return ann
}

t.test(
  'the file has the profile, every task with those in the trash, and their history',
  async (t) => {
    const [ann, bob] = [await household(), await household()]
    const response = await ann.get(EXPORT)
    t.match(response, {
      statusCode: 200,
      headers: {
        'content-type': /^text\/x-ndjson/,
        'content-disposition': /^attachment; filename="tasklane-\d{4}-\d\d-\d\d\.jsonl"$/
      }
    })
    const lines = linesOf(response.body)
    t.strictSame(lines[0], { type: 'export', data: { format: 'tasklane_account', version: 1 } })
    t.strictSame(ofType(lines, 'account'), [(await ann.get('/api/v1/me')).json()])
    const all = (await ann.get('/api/v1/tasks?deleted=include&sort=created_at_asc')).json().data
    t.strictSame(ofType(lines, 'task'), all)
    t.strictSame(
      ofType(lines, 'task_event')
        .map(({ type }) => type)
        .sort(),
      ['task.created', 'task.created', 'task.deleted', 'task.updated']
    )
    t.notMatch(response.body, bob.user.id)
  }
)

t.test('every record of a large account is there once', async (t) => {
  const ann = await signUp()
  await db.execute(sql`
    INSERT INTO tasks (owner_id, id, title, status, priority, tags)
    SELECT ${ann.user.id}::uuid, gen_random_uuid(), 'task ' || n, 'todo', 'medium', '{}'
    FROM generate_series(1, 333) n`)
  await db.execute(sql`
    INSERT INTO task_events (owner_id, task_id, version, id, type, changes, position)
    SELECT owner_id, id, v, gen_random_uuid(), 'task.updated', '{}', 0
    FROM tasks, generate_series(1, 3) v
    WHERE owner_id = ${ann.user.id}`)
  const lines = linesOf((await ann.get(EXPORT)).body)
  t.equal(new Set(ofType(lines, 'task').map(({ id }) => id)).size, 333)
  t.equal(new Set(ofType(lines, 'task_event').map(({ id }) => id)).size, 999)
  t.equal(lines.length, 2 + 333 + 999)
})

t.test(
  'importing the file elsewhere makes the same tasks, once, without what was deleted',
  async (t) => {
    const ann = await household()
    const file = (await ann.get(EXPORT)).body
    const away = await elsewhere.signUp()
    const options = { name: 'tasklane.jsonl', type: 'application/octet-stream' }
    t.match(await imported(away, file, options), {
      source: 'tasklane',
      rows_total: 2,
      rows_created: 1,
      rows_skipped: 1,
      rows_rejected: 0,
      warnings: [{ code: 'rows_not_tasks' }, { code: 'history_not_imported' }]
    })
    t.match(await imported(away, file, options), { rows_created: 0, rows_skipped: 2 })
    t.match(await imported(ann, file, options), { rows_created: 0, rows_skipped: 2 })
    const { version, updated_at, owner_id, created_by, ...task } = (
      await tasksOf(ann)
    )[0] as Record<string, unknown>
    t.match((await tasksOf(away))[0], task)
  }
)

t.test('the parts of a file that is split between lines are imported one by one', async (t) => {
  const ann = await household()
  await ann.create({ title: 'Second' })
  const lines = (await ann.get(EXPORT)).body.trimEnd().split('\n')
  const away = await elsewhere.signUp()
  const options = { name: 'part.jsonl', type: 'application/octet-stream' }
  for (const line of lines.toReversed()) {
    t.match(await imported(away, `${line}\n`, options), { source: 'tasklane', rows_rejected: 0 })
  }
  t.strictSame(
    (await tasksOf(away)).map(({ title }) => title),
    ['Line one', 'Second']
  )
})

t.test('the file has the projects with their people, and what the caller belongs to', async (t) => {
  const [ann, bob, eve] = [
    await signUp('user', 'ann-lee', { name: 'Ann Lee' }),
    await signUp(),
    await signUp()
  ]
  const [own, gone] = [await projectWith(ann, { editor: bob }), await createProject(ann, 'Gone')]
  await deleteProject(ann, gone)
  const others = await projectWith(bob, { viewer: ann })
  const secret = await createProject(eve, 'Secret')
  await invite(ann, own, { email: 'guest@example.com' }, 'viewer')
  await withdrawInvitation(ann, own, await invitePerson(ann, own, eve))
  await invitePerson(eve, secret, ann)
  await ann.create({ title: 'In a project', project_id: own.id })
  const hers = await bob.create({ title: 'Theirs', project_id: own.id })
  await ann.create({ title: 'Plain' })
  await bob.create({ title: 'Not mine', project_id: others.id })

  const file = (await ann.get(EXPORT)).body
  const lines = linesOf(file)
  const projects = [(await ann.get(projectUrl(own))).json(), { id: gone.id, name: 'Gone' }]
  t.match(ofType(lines, 'project'), projects)
  t.strictSame(ofType(lines, 'project')[0], projects[0])
  const { data: members } = (await ann.get(projectUrl(own, '/members'))).json()
  t.strictSame(ofType(lines, 'project_member'), [{ project_id: own.id, ...members[1] }])
  t.match(ofType(lines, 'project_membership'), [
    { project_id: others.id, project_name: 'Kitchen', owner_id: bob.user.id, role: 'viewer' }
  ])
  t.match(ofType(lines, 'invitation_sent'), [
    { project_id: own.id, email: 'guest@example.com', role: 'viewer', state: 'open' },
    { project_id: own.id, username: eve.user.username, role: 'editor', state: 'withdrawn' }
  ])
  t.strictSame(ofType(lines, 'invitation_received'), await invitationsOf(ann))
  t.match(
    ofType(lines, 'task').toSorted((a, b) => (String(a.title) < String(b.title) ? -1 : 1)),
    [
      { title: 'In a project', project_id: own.id, created_by: ann.user.id },
      { title: 'Plain', project_id: null },
      { title: 'Theirs', project_id: own.id, created_by: bob.user.id, owner_id: ann.user.id }
    ]
  )
  t.notMatch(file, /Not mine|token/)

  const options = { name: 'a.jsonl', type: 'application/octet-stream' }
  for (const query of ['', '?on_conflict=update']) {
    const again = await imported(ann, file, { ...options, query })
    t.match(again, { rows_total: 3, rows_skipped: 3, rows_rejected: 0 })
    t.notOk(again.ignored_columns.includes('project_id'))
  }
  t.equal((await ann.read(hers)).json().version, 1)

  const away = await elsewhere.signUp()
  const none = { ...options, query: '?create_projects=false' }
  t.match(await imported(away, file, none), { rows_created: 1, rows_rejected: 2 })
  await away.post('/api/v1/projects', { id: own.id, name: 'Kitchen' })
  t.match(await imported(away, file, none), { rows_created: 2, rows_skipped: 1 })
})

t.test('the file has every comment on own tasks, which an import does not repeat', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { viewer: bob })
  const said: object[] = []
  const say = async (who: Person, task: { id: string }, body: string) =>
    (await who.post(`/api/v1/tasks/${task.id}/comments`, { body })).json()
  const [one, two] = [
    await ann.create({ title: 'One', project_id: project.id }),
    await ann.create({ title: 'Two' })
  ]
  for (let n = 0; n < 60; n++) {
    said.push(await say(n % 2 === 0 ? ann : bob, one, `Comment ${n}`))
  }
  said.push(await say(ann, two, '@nobody'))
  await say(ann, await bob.create({ title: 'His', assignee_id: ann.user.id }), 'Elsewhere')
  const file = (await ann.get(EXPORT)).body
  t.strictSame(ofType(linesOf(file), 'task_comment'), said)
  t.notMatch(file, /Elsewhere/)
  const options = { name: 'a.jsonl', type: 'application/octet-stream' }
  t.match(await imported(ann, file, options), {
    rows_total: 2,
    rows_skipped: 2,
    comments_created: 0,
    warnings: [{ code: 'history_not_imported' }, { code: 'people_not_imported' }]
  })
})

t.test('an API key cannot export the account', async (t) => {
  const ann = await signUp()
  const { key } = (
    await ann.post('/api/v1/me/api-keys', {
      name: randomUUID(),
      scopes: ['tasks:read', 'profile:read'],
      expires_at: new Date(Date.now() + 86_400_000).toISOString()
    })
  ).json()
  const response = await ann.send({
    method: 'GET',
    url: EXPORT,
    headers: { authorization: `Bearer ${key}` }
  })
  t.equal(response.statusCode, 403)
})

import { and, eq, sql } from 'drizzle-orm'
import t from 'tap'
import { listChanges } from '../../../src/db/tables/list-changes.ts'
import {
  createProject,
  deleteProject,
  patchProject,
  projectUrl,
  projectWith
} from '../../support/projects.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const { signUp, db } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const root = await signUp('admin')
/** One more than can change their owner together. */
const PARTS = 10
const TOO_MANY = 20_001
/** As many as go to another owner together. */
const MAX_CHANGES = 50_000
const post = (who: Person, url: string, payload: object, key: string) =>
  who.send({ method: 'POST', url, payload, headers: { 'idempotency-key': key } })

t.test('a task of an archived project is neither replaced nor restored', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const [task, gone] = [
    await ann.create({ title: 'x', project_id: project.id }),
    await ann.create({ title: 'y', project_id: project.id })
  ]
  await ann.remove(gone)
  await patchProject(ann, project, { archived: true })
  const { title, description, status, priority, due_date, tags, assignee_id } = task
  const whole = { title, description, status, priority, due_date, tags, assignee_id }
  for (const refused of [await ann.put(task, { ...whole, title: 'z' }), await ann.restore(gone)]) {
    t.match(refused.json(), { status: 409, code: 'project_archived' })
  }
})

t.test('a project of another version is neither deleted nor restored', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const stale = { 'if-match': '"7"' }
  t.match(await ann.send({ method: 'DELETE', url: projectUrl(project), headers: stale }), {
    statusCode: 412,
    headers: { etag: '"1"' }
  })
  await deleteProject(ann, project)
  t.match(
    await ann.send({ method: 'POST', url: projectUrl(project, '/restore'), headers: stale }),
    { statusCode: 412, headers: { etag: '"2"' } }
  )
})

t.test(
  'a repeated request has its effect once, and another one needs a key of its own',
  async (t) => {
    const ann = await signUp()
    const project = await createProject(ann)
    const invitations = projectUrl(project, '/invitations')
    for (const [who, url, payload, other] of [
      [ann, '/api/v1/projects', { name: 'x' }, { name: 'y' }],
      [
        ann,
        invitations,
        { email: 'a@example.com', role: 'viewer' },
        { username: 'b', role: 'viewer' }
      ],
      [root, '/api/v1/admin/invitations', { email: 'c@example.com' }, { email: 'd@example.com' }]
    ] as [Person, string, object, object][]) {
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => post(who, url, payload, 'key'))
      )
      const made = answers.filter(({ statusCode }) => statusCode === 201)
      t.equal(new Set(made.map((answer) => answer.json().id)).size, 1, url)
      for (const busy of answers.filter(({ statusCode }) => statusCode !== 201)) {
        t.match(busy.json(), { status: 409, code: 'idempotency_in_flight' }, url)
      }
      t.match((await post(who, url, other, 'key')).json(), { code: 'idempotency_key_reused' }, url)
    }
  }
)

t.test('a project of which the feed says very much keeps its owner', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { admin: bob })
  const say = (count: number) =>
    db.execute(sql`
      INSERT INTO list_changes (owner_id, list_id, id, type, resource_type, resource_id, changed_fields)
      SELECT ${ann.user.id}, ${project.id}, gen_random_uuid(), 'comment.updated', 'comment', gen_random_uuid(), '{}'
      FROM generate_series(1, ${count}::int)`)
  const rowsOf = ({ user }: Person) =>
    db.$count(
      listChanges,
      and(eq(listChanges.owner_id, user.id), eq(listChanges.list_id, project.id))
    )
  const transfer = () => ann.post(projectUrl(project, '/transfer'), { user_id: bob.user.id })
  await say(MAX_CHANGES + 1 - (await rowsOf(ann)))
  t.match((await transfer()).json(), { status: 409, code: 'project_too_large' })
  t.match([await rowsOf(ann), await rowsOf(bob)], [MAX_CHANGES + 1, 0], 'nothing is given away')
  await db.execute(sql`
    DELETE FROM list_changes
    WHERE id = (SELECT id FROM list_changes WHERE owner_id = ${ann.user.id} AND type LIKE 'comment%' LIMIT 1)`)
  t.equal((await transfer()).statusCode, 200)
  t.match([await rowsOf(ann), await rowsOf(bob)], [0, MAX_CHANGES + 3], 'with what it says of this')
})

t.test('a project with very many tasks keeps its owner', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { admin: bob })
  // In parts, each of which a busy machine writes in time.
  for (let part = 0; part < PARTS; part++) {
    await db.execute(sql`
      INSERT INTO tasks (owner_id, id, project_id, title, status, priority, tags)
      SELECT ${ann.user.id}::uuid, gen_random_uuid(), ${project.id}::uuid, 'x', 'todo', 'low', '{}'
      FROM generate_series(1, ${Math.ceil(TOO_MANY / PARTS)}::int)`)
  }
  const refusal = { status: 409, code: 'project_too_large' }
  const given = await ann.post(projectUrl(project, '/transfer'), { user_id: bob.user.id })
  t.match(given.json(), refusal)
  await ann.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
  t.match((await root.post(projectUrl(project, '/restore'))).json(), refusal)
})

import { sql } from 'drizzle-orm'
import t from 'tap'
import type { Person as PersonBody } from '../../../src/features/people/schema.ts'
import { deleteProject, projectWith, removeMember } from '../../support/projects.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const { signUp, request } = await createTestApp(t)

const ask = (who: Person, query: string) => who.get(`/api/v1/people?${query}`)
const namesFor = async (who: Person, query: string): Promise<(string | null)[]> =>
  (await ask(who, query)).json().data.map(({ username }: PersonBody) => username)

t.test('whoever sees a task finds everybody who appears in it, also after they left', async (t) => {
  const { db, signUp } = await createTestApp(t)
  const ann = await signUp('user', 'ann')
  const [bob, cid, dan, eve] = [
    await signUp('user', 'bob'),
    await signUp('user', 'cid'),
    await signUp('user', 'dan'),
    await signUp('user', 'eve')
  ]
  const boss = await signUp('manager', 'boss')
  const members: [Person, string][] = [
    [bob, 'editor'],
    [cid, 'viewer'],
    [dan, 'editor']
  ]
  // Whom one does not see cannot be made a member: the rows say what invitations would.
  const project = await projectWith(ann, {})
  for (const [who, role] of members) {
    await db.execute(sql`
      INSERT INTO project_members (owner_id, project_id, user_id, role)
      VALUES (${ann.user.id}, ${project.id}, ${who.user.id}, ${role})`)
  }
  const task = await bob.create({ title: 'Paint the door', project_id: project.id })
  await bob.patch(task, { assignee_id: dan.user.id })
  await dan.patch(task, { status: 'in_progress' })
  await boss.patch(task, { priority: 'high' })
  await db.execute(sql`
    INSERT INTO task_comments (owner_id, task_id, id, author_id, body, mentions)
    VALUES (${ann.user.id}, ${task.id}, gen_random_uuid(), ${cid.user.id}, 'Blue, please', '{}')`)
  const everybody = ['ann', 'bob', 'boss', 'cid', 'dan']
  t.strictSame(await namesFor(ann, `task_id=${task.id}`), everybody)
  for (const who of [bob, cid, dan]) {
    t.equal((await removeMember(ann, project, who)).statusCode, 204)
  }
  t.strictSame(await namesFor(ann, 'limit=100'), ['ann'], 'they share nothing any more')
  t.strictSame(await namesFor(ann, `task_id=${task.id.toUpperCase()}`), everybody)
  t.strictSame(await namesFor(ann, `task_id=${task.id}&id=${cid.user.id}&id=${eve.user.id}`), [
    'cid'
  ])
  t.strictSame(await namesFor(ann, `task_id=${task.id}&q=BO`), ['bob', 'boss'])
  for (const stranger of [bob, eve]) {
    t.strictSame(await namesFor(stranger, `task_id=${task.id}`), [], 'they do not see the task')
  }
  await ann.remove(task)
  t.strictSame(await namesFor(ann, `task_id=${task.id}`), everybody, 'its history stays')
  await deleteProject(ann, project)
  t.strictSame(await namesFor(ann, `task_id=${task.id}`), [], 'a deleted project shows nothing')
})

t.test(
  'an assignee finds the owner of a personal task, and several tasks go together',
  async (t) => {
    const [ann, bob, cid] = [await signUp(), await signUp(), await signUp()]
    const shared = await ann.create({ title: 'Shared', assignee_id: bob.user.id })
    const other = await cid.create({ title: 'Other', assignee_id: bob.user.id })
    const own = await cid.create({ title: 'Not shown' })
    const ids = [shared, other, own].map(({ id }) => `task_id=${id}`).join('&')
    const names = [ann, bob, cid].map(({ user }) => user.username)
    t.strictSame(await namesFor(bob, ids), names)
    t.strictSame(await namesFor(bob, `task_id=${own.id}`), [])
    t.strictSame(await namesFor(ann, ids), names.slice(0, 2))
    const first = (await ask(bob, `${ids}&limit=2`)).json()
    t.equal(first.pagination.has_more, true)
    t.strictSame(await namesFor(bob, `${ids}&limit=2&cursor=${first.pagination.next_cursor}`), [
      names[2]
    ])
    const foreign = await ask(bob, `task_id=${own.id}&cursor=${first.pagination.next_cursor}`)
    t.equal(foreign.statusCode, 400, 'a cursor belongs to its tasks')
  }
)

t.test('up to a hundred tasks are asked about at once, and no more', async (t) => {
  const ann = await signUp()
  const id = '019f2f6e-7c1a-7bbb-8bbb-0123456789ab'
  const many = (count: number) => Array.from({ length: count }, () => `task_id=${id}`).join('&')
  t.strictSame(await namesFor(ann, many(100)), [])
  t.equal((await ask(ann, many(101))).statusCode, 400)
  t.equal((await ask(ann, 'task_id=x')).statusCode, 400)
})

t.test('an assignee does not find who changed a task before it was assigned to them', async (t) => {
  const [ann, bob, boss] = [await signUp(), await signUp(), await signUp('manager')]
  const task = await ann.create({ title: 'Salary of Bob' })
  await boss.patch(task, { title: 'Paint' })
  await ann.patch(task, { assignee_id: bob.user.id })
  const names = [ann, bob, boss].map(({ user }) => user.username)
  t.strictSame(await namesFor(bob, `task_id=${task.id}`), names.slice(0, 2))
  t.strictSame(await namesFor(ann, `task_id=${task.id}`), names)
  await boss.patch(task, { priority: 'high' })
  t.strictSame(await namesFor(bob, `task_id=${task.id}`), names)
})

t.test('an API key that may not read tasks does not find people by them', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint' })
  const expires_at = new Date(Date.now() + 86_400_000).toISOString()
  const statuses = []
  for (const scopes of [['people:read'], ['people:read', 'tasks:read']]) {
    const made = await ann.post('/api/v1/me/api-keys', {
      name: 'k',
      scopes,
      expires_at,
      current_password: PASSWORD
    })
    const headers = { authorization: `Bearer ${made.json().key}` }
    for (const query of ['', `?task_id=${task.id}`]) {
      statuses.push((await request({ url: `/api/v1/people${query}`, headers })).statusCode)
    }
  }
  t.strictSame(statuses, [200, 403, 200, 200])
})

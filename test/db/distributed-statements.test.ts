import t from 'tap'
import { scheduledTasks } from '../../src/background.ts'
import { comment } from '../support/comments.ts'
import { partsForSeveralServers } from '../support/distributed-statements.ts'
import { imported, rows, rowsWithIds, rowsWithParents, worker } from '../support/imports.ts'
import { move } from '../support/order.ts'
import { deleteProject, projectUrl, projectWith, putMember } from '../support/projects.ts'
import { advanceDeletionTime, runScheduled } from '../support/scheduled.ts'
import { statementsDuring, withoutStatements } from '../support/statements.ts'
import { createTestApp, PASSWORD, type Person } from '../support/test-app.ts'

const h = await createTestApp(t, { env: { MAX_TASKS_PER_USER: '1000', DIRECTORY: 'all' } })
const { signUp, database, db, config } = h
worker(t, { db, config })

/** Changes tasks in every way that there is: one and many, own ones and those of others, from list to list. */
async function changeTasks(ann: Person, bob: Person): Promise<void> {
  const project = await projectWith(ann, { editor: bob })
  const place = { project_id: project.id }
  const top = await bob.create({ title: 'Top', assignee_id: ann.user.id })
  const below = await bob.create({ title: 'Below', parent_id: top.id })
  await comment(bob, below, 'Here')
  await bob.patch(top, place)
  await bob.patch(below, { status: 'done' })
  await bob.patch(below, { status: 'todo' })
  await move(bob, top, { before_id: null })
  const id = '019f2f6e-7c1a-7aaa-8aaa-0123456789aa'
  await bob.post('/api/v1/task-batches', {
    operations: [
      { op: 'create', data: { id, title: 'Own' } },
      { op: 'create', data: { title: 'Shared', ...place } },
      { op: 'update', id: below.id, data: { priority: 'high' } }
    ]
  })
  await bob.post('/api/v1/task-batches', {
    operations: [
      { op: 'update', id, data: place },
      { op: 'delete', id: top.id }
    ]
  })
  await bob.restore(top)
  await ann.post(projectUrl(project, '/transfer'), { user_id: bob.user.id })
  await deleteProject(bob, project)
  await bob.post(projectUrl(project, '/restore'))
  await putMember(bob, project, ann, 'viewer')
  await bob.send({ method: 'DELETE', url: projectUrl(project, `/members/${ann.user.id}`) })
  const headers = { 'idempotency-key': 'once' }
  for (const title of ['Once', 'Once', 'Other']) {
    await ann.send({ method: 'POST', url: '/api/v1/tasks', payload: { title }, headers })
  }
  await ann.send({ method: 'DELETE', url: '/api/v1/tasks?confirm=all' })
}

async function importFiles(ann: Person): Promise<void> {
  await imported(ann, rows(3))
  await imported(ann, rowsWithParents(4))
  const file = rowsWithIds(3)
  await imported(ann, file)
  const changed = file.replaceAll('Task', 'Job')
  await imported(ann, changed, { query: '?on_conflict=update' })
  await imported(ann, changed, { query: '?dry_run=true&on_conflict=skip' })
}

async function runBackground(): Promise<void> {
  await advanceDeletionTime(db)
  for (const { name } of scheduledTasks({ ...h, log: h.app.log, secrets: h.secrets } as never)) {
    await runScheduled(h, name)
  }
}

t.test(
  'what changes or locks owned rows is about one owner, in a form that a planner of distributed tables takes',
  { skip: withoutStatements },
  async (t) => {
    const [ann, bob, boss] = [await signUp(), await signUp(), await signUp('manager')]
    const statements = await statementsDuring(database, async () => {
      await changeTasks(ann, bob)
      await importFiles(ann)
      const given = await bob.create({ title: 'Given', assignee_id: ann.user.id })
      await boss.patch(given, { priority: 'high' })
      await boss.patch(await ann.create({ title: 'Plain' }), { title: 'Better' })
      await db.execute(
        `UPDATE tasks SET deleted_at = now() - interval '40 days' WHERE deleted_at IS NOT NULL`
      )
      await ann.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
      await runBackground()
    })
    t.ok(statements.length > 300, `${statements.length} statements`)
    const own = statements.filter((text) => !text.includes("interval '40 days'"))
    t.strictSame(partsForSeveralServers(own), [])
  }
)

t.test(
  'a statement that several servers would have to work on is found, and no other',
  async (t) => {
    const wrong = [
      "UPDATE tasks SET completed_at = CASE WHEN $1 = 'now' THEN now() ELSE completed_at END WHERE owner_id = $2",
      'update "task_imports" set started_at = coalesce(started_at, now()) where owner_id = $1',
      'UPDATE tasks SET title = CASE status WHEN $1 THEN $2 END WHERE owner_id = $3',
      'UPDATE tasks SET updated_at = now() + later WHERE owner_id = $1',
      'UPDATE tasks SET title = $1 FROM v WHERE tasks.owner_id = v.owner_id',
      'DELETE FROM tasks WHERE (owner_id, id) IN (SELECT owner_id, id FROM v)',
      'select 1 from "tasks" where "tasks"."id" = $1 for update',
      'SELECT 1 FROM task_imports WHERE leased_until < now() LIMIT 1 FOR UPDATE SKIP LOCKED',
      'UPDATE tasks SET title = $1, owner_id = $2 WHERE owner_id = $3',
      'UPDATE tasks SET position = (ARRAY[$1, position])[$2] WHERE owner_id = $3',
      'INSERT INTO idempotency_keys (caller_id) VALUES ($1) ON CONFLICT (caller_id) DO UPDATE SET created_at = now()',
      'SELECT id FROM tasks WHERE EXISTS (SELECT FROM users u WHERE u.id = tasks.owner_id)',
      'SELECT id FROM tasks WHERE EXISTS (SELECT FROM tasks c WHERE c.owner_id = tasks.owner_id AND c.parent_id = $1)'
    ]
    for (const text of wrong) {
      t.equal(partsForSeveralServers([text]).length, 1, text)
    }
    const right = [
      "UPDATE tasks SET done_at = (ARRAY[now(), done_at])[CASE WHEN $1 = 'now' THEN 1 END] WHERE owner_id = $2",
      'UPDATE task_imports SET started_at = least(started_at, now()) WHERE owner_id = $1 AND id = $2',
      "INSERT INTO tasks (owner_id, completed_at) VALUES ($1, CASE WHEN $2::text = 'done' THEN now() END)",
      'UPDATE webhooks SET failing_since = coalesce(failing_since, now()) WHERE url = $1',
      'SELECT id FROM tasks WHERE owner_id NOT IN (SELECT id FROM users WHERE deleted_at IS NOT NULL)',
      'SELECT 1 FROM tasks WHERE owner_id = $1 AND id = ANY($2) FOR UPDATE',
      'DELETE FROM tasks WHERE owner_id = $1'
    ]
    t.strictSame(partsForSeveralServers(right), [])
  }
)

import t from 'tap'
import { comment, commentsOn, deleteComment, editComment } from '../support/comments.ts'
import { follow } from '../support/follower.ts'
import { move } from '../support/order.ts'
import { projectUrl, projectWith, putMember } from '../support/projects.ts'
import { partsWithoutOwner, statementsDuring, withoutStatements } from '../support/statements.ts'
import { createTestApp, type Person } from '../support/test-app.ts'

const { signUp, database } = await createTestApp(t, { env: { DIRECTORY: 'all' } })

/** Does what one does with tasks of others and in projects. */
async function work(who: Person, project_id: string, assignee_id: string): Promise<void> {
  const news = await follow(who)
  const task = await who.create({ title: 'Paint the door', project_id, assignee_id })
  await who.get(`/api/v1/tasks/${task.id}`)
  await who.get(`/api/v1/tasks/${task.id}/events`)
  await who.get(`/api/v1/people?task_id=${task.id}`)
  const one = await comment(who, task, 'Blue, @person-1?')
  await commentsOn(who, task)
  await editComment(who, one, 'Green, @person-1?')
  await deleteComment(who, one)
  await who.patch(task, { status: 'done' })
  const other = await who.create({ title: 'Sweep', project_id })
  await move(who, task, { after_id: other.id, status: 'todo' })
  await move(who, other, { before_id: null })
  await move(who, task, { before_id: '019f2f6e-7c1a-7bbb-8bbb-0123456789ab' })
  const operations = [
    { op: 'create', data: { title: 'Mow the lawn', project_id } },
    { op: 'update', id: task.id, data: { priority: 'high' } }
  ]
  const batch = await who.post('/api/v1/task-batches', { operations })
  if (batch.statusCode !== 200) {
    throw new Error(batch.body)
  }
  for (const query of [
    '',
    'q=door',
    'tag=home',
    'deleted=only',
    'sort=title_asc',
    'personal=true'
  ]) {
    await who.get(`/api/v1/tasks?include_total=true&${query}`)
  }
  await who.get(`/api/v1/tasks?project_id=${project_id}&status=done&sort=due_date_asc`)
  await who.get(`/api/v1/tasks?project_id=${project_id}&sort=position_asc`)
  await who.get('/api/v1/task-stats')
  await who.get('/api/v1/task-stats/history')
  await who.get('/api/v1/task-exports/csv')
  await who.get('/api/v1/projects?include_counts=true')
  await who.get(projectUrl({ id: project_id }, '/members'))
  await who.remove(task)
  await who.restore(task)
  await who.patch(task, { project_id: null, assignee_id: null })
  await news()
}

t.test(
  'what members, assignees and managers do names the owner of each row',
  { skip: withoutStatements },
  async (t) => {
    const [ann, bob, boss] = [await signUp(), await signUp(), await signUp('manager')]
    const project = await projectWith(ann, { editor: bob })
    const second = await projectWith(ann, { viewer: bob })
    const mine = await ann.create({ title: 'Personal', assignee_id: bob.user.id })
    const statements = await statementsDuring(database, async () => {
      for (const who of [ann, bob, boss]) {
        await work(who, project.id, bob.user.id)
      }
      await bob.patch(mine, { status: 'done' })
      await ann.send({ method: 'DELETE', url: projectUrl(second) })
      await ann.post(projectUrl(second, '/restore'), {})
      await putMember(ann, second, bob, 'editor')
      await ann.post(projectUrl(second, '/transfer'), { user_id: bob.user.id })
      await bob.send({ method: 'DELETE', url: projectUrl(project, `/members/${bob.user.id}`) })
    })
    t.ok(statements.length > 100)
    t.strictSame(partsWithoutOwner(statements), [])
  }
)

t.test('a statement that does not say whose rows it reads is found', async (t) => {
  const found = [
    'select id from tasks where title = $1',
    'select 1 from users where exists (select 1 from "projects" where name = $1)',
    'UPDATE tasks SET title = $1 WHERE version = $2 AND owner_id <> $3',
    'delete from task_events where owner_id not in (select id from users)'
  ]
  t.equal(partsWithoutOwner(found).length, found.length)
  const right = [
    'select id from tasks where owner_id = $1',
    'select id from tasks where (owner_id, id) in (select owner_id, id from unnest($1) v)',
    'select id from "projects" where "projects"."id" = $1'
  ]
  t.strictSame(partsWithoutOwner(right), [])
})

import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { executeRows } from '../../../src/db/rows.ts'
import {
  bodiesOn,
  comment,
  commentsOn,
  countOn,
  deleteComment,
  editComment,
  postComment
} from '../../support/comments.ts'
import { createProject, deleteProject, projectUrl, projectWith } from '../../support/projects.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, db } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const ROUNDS = 5
const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

/** Whatever happened at the same time, each task counts its comments, which belong to its owner. */
async function holds(t: Test): Promise<void> {
  const wrong = await executeRows(
    db,
    sql`
      SELECT t.id, t.comment_count
      FROM tasks t
      WHERE t.comment_count <> (
        SELECT count(*) FROM task_comments c WHERE c.owner_id = t.owner_id AND c.task_id = t.id
      )`
  )
  t.strictSame([...wrong], [])
}

t.test('thirty comments at once are counted, and listed in the order of their time', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const task = await ann.create({ title: 'x', assignee_id: bob.user.id })
  const answers = await Promise.all(
    times(30, (i) => postComment(i % 2 === 0 ? ann : bob, task, `Comment ${i}`))
  )
  t.strictSame(countStatuses(answers), { 201: 30 })
  t.match((await ann.read(task)).json(), { comment_count: 30, version: 1 })
  const listed = (await commentsOn(ann, task)).map(({ created_at }) => created_at)
  t.strictSame(listed, [...listed].sort())
  await holds(t)
})

t.test('comments come and go while their task is changed', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'x' })
  const old = [await comment(ann, task), await comment(ann, task), await comment(ann, task)]
  const answers = await Promise.all([
    ...times(5, () => postComment(ann, task, 'new')),
    ...old.map((one) => deleteComment(ann, one)),
    ...times(5, (i) => ann.patch(task, { title: `Title ${i}` }))
  ])
  t.strictSame(countStatuses(answers), { 200: 5, 201: 5, 204: 3 })
  t.match((await ann.read(task)).json(), { comment_count: 5, version: 6 })
  await holds(t)
})

t.test('one comment is deleted once, and edited only from the version that was read', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'x' })
  const one = await comment(ann, task, 'First')
  const edits = await Promise.all(times(8, (i) => editComment(ann, one, `Edit ${i}`, '"1"')))
  t.strictSame(countStatuses(edits), { 200: 1, 412: 7 })
  const [winner] = edits.filter(({ statusCode }) => statusCode === 200)
  t.strictSame(await bodiesOn(ann, task), [winner?.json().body])
  const deletions = await Promise.all(times(8, () => deleteComment(ann, one)))
  t.strictSame(countStatuses(deletions), { 204: 1, 404: 7 })
  t.equal(await countOn(ann, task), 0)
  await holds(t)
})

t.test('a task is deleted while people comment on it', async (t) => {
  const ann = await signUp()
  for (let round = 0; round < ROUNDS; round++) {
    const task = await ann.create({ title: 'x' })
    const answers = await Promise.all([
      ...times(4, () => postComment(ann, task, 'x')),
      ann.remove(task),
      ...times(4, () => postComment(ann, task, 'x'))
    ])
    const { 201: written = 0, 404: late = 0, ...others } = countStatuses(answers)
    t.strictSame(others, { 204: 1 })
    t.equal(written + late, 8)
    t.match((await ann.restore(task)).json(), { comment_count: written, version: 3 })
    t.equal((await commentsOn(ann, task)).length, written)
    await holds(t)
  }
})

t.test('a task moves to other owners and back while people comment on it', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  for (let round = 0; round < ROUNDS; round++) {
    const task = await bob.create({ title: 'x' })
    const moves = [{ project_id: project.id }, { project_id: null }, { project_id: project.id }]
    const answers = await Promise.all([
      ...times(6, () => postComment(bob, task, 'x')),
      ...moves.map((move) => bob.patch(task, move)),
      ...times(6, () => postComment(bob, task, 'x'))
    ])
    const { 200: moved, ...others } = countStatuses(answers)
    t.strictSame(others, { 201: 12 })
    t.equal(moved, 3)
    t.equal(await countOn(bob, task), 12)
    t.equal((await commentsOn(bob, task)).length, 12)
    await holds(t)
  }
})

t.test('a project is transferred or deleted while people comment in it', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  for (let round = 0; round < ROUNDS; round++) {
    const project = await projectWith(ann, { editor: bob })
    const task = await bob.create({ title: 'x', project_id: project.id })
    const ending =
      round % 2 === 0
        ? ann.post(projectUrl(project, '/transfer'), { user_id: bob.user.id })
        : deleteProject(ann, project)
    const answers = await Promise.all([
      ...times(4, () => postComment(ann, task, 'x')),
      ending,
      ...times(4, () => postComment(bob, task, 'x'))
    ])
    for (const { statusCode } of answers) {
      t.ok([200, 201, 204, 404].includes(statusCode), String(statusCode))
    }
    await holds(t)
  }
})

t.test('exactly a thousand comments fit, however many people write the last', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'x', project_id: (await createProject(ann)).id })
  await db.execute(sql`
    INSERT INTO task_comments (owner_id, task_id, id, author_id, body, mentions)
    SELECT ${ann.user.id}, ${task.id}, gen_random_uuid(), ${ann.user.id}, 'x', '{}'
    FROM generate_series(1, 996)`)
  await db.execute(sql`UPDATE tasks SET comment_count = 996 WHERE id = ${task.id}`)
  const answers = await Promise.all(times(12, () => postComment(ann, task, 'x')))
  t.strictSame(countStatuses(answers), { 201: 4, 403: 8 })
  const refused = answers.find(({ statusCode }) => statusCode === 403)
  t.match(refused?.json(), { code: 'quota_exceeded', detail: /1000 comments/ })
  t.equal(await countOn(ann, task), 1000)
  const [last] = await commentsOn(ann, task)
  t.equal(last && (await deleteComment(ann, last)).statusCode, 204)
  t.equal((await postComment(ann, task, 'x')).statusCode, 201)
  await holds(t)
})

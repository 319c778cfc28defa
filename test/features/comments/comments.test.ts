import { sql } from 'drizzle-orm'
import t from 'tap'
import type { TaskComment } from '../../../src/features/comments/schema.ts'
import { auditEntries } from '../../support/audit-log.ts'
import {
  bodiesOn,
  comment,
  commentsOn,
  commentsUrl,
  countOn,
  deleteComment,
  editComment,
  postComment,
  readComment
} from '../../support/comments.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, db, events } = await createTestApp(t)
const ann = await signUp('user', 'ann')

t.test('a comment is stored as it is sent, and read with its version', async (t) => {
  const task = await ann.create({ title: 'Paint' })
  const body = '  # Blue\r\n\n- *which* one? 🎨 <b>&amp;\t'
  const created = await postComment(ann, task, body)
  t.equal(created.statusCode, 201)
  const stored: TaskComment = created.json()
  t.match(stored, {
    task_id: task.id,
    author_id: ann.user.id,
    body,
    mentions: [],
    edited_at: null,
    version: 1
  })
  t.equal(created.headers.location, commentsUrl(task, `/${stored.id}`))
  t.equal(created.headers.etag, '"1"')
  const read = await readComment(ann, stored)
  t.strictSame(read.json(), stored)
  t.equal(read.headers.etag, '"1"')
  t.equal((await readComment(ann, stored, { 'if-none-match': 'W/"1"' })).statusCode, 304)
  t.strictSame((await readComment(ann, stored, { 'if-none-match': '"2"' })).json(), stored)
  t.strictSame(await commentsOn(ann, { id: task.id.toUpperCase() }), [stored])
})

t.test('comments are listed oldest first, page by page, also while more come', async (t) => {
  const task = await ann.create({ title: 'Paint' })
  const wanted: string[] = []
  for (let i = 0; i < 7; i++) {
    wanted.push((await comment(ann, task, `Comment ${i}`)).body)
  }
  const found: string[] = []
  let url = commentsUrl(task, '?limit=3')
  for (let page = 0; url !== ''; page++) {
    const answer = await ann.get(url)
    const { data, pagination } = answer.json()
    found.push(...data.map(({ body }: TaskComment) => body))
    t.equal(pagination.limit, 3)
    if (page === 0) {
      wanted.push((await comment(ann, task, 'Late')).body)
    }
    const next = `?limit=3&cursor=${pagination.next_cursor}`
    t.equal(
      answer.headers.link,
      pagination.has_more ? `<${commentsUrl(task, next)}>; rel="next"` : undefined
    )
    url = pagination.has_more ? commentsUrl(task, next) : ''
  }
  t.strictSame(found, wanted)
  const { next_cursor } = (await ann.get(commentsUrl(task, '?limit=1'))).json().pagination
  const other = await ann.create({ title: 'Other' })
  t.match((await ann.get(commentsUrl(other, `?cursor=${next_cursor}`))).json(), {
    status: 400,
    errors: [{ pointer: '/cursor' }]
  })
})

t.test('a comment follows those of a server whose clock is ahead', async (t) => {
  const task = await ann.create({ title: 'Paint' })
  const ahead = 'f0000000-0000-7000-8000-000000000000'
  await db.execute(sql`
    INSERT INTO task_comments (owner_id, task_id, id, author_id, body, mentions)
    VALUES (${ann.user.id}, ${task.id}, ${ahead}, ${ann.user.id}, 'First', '{}')`)
  const [second, third] = [await comment(ann, task, 'Second'), await comment(ann, task, 'Third')]
  t.strictSame(await bodiesOn(ann, task), ['First', 'Second', 'Third'])
  t.ok(second.created_at <= third.created_at)
})

t.test('comments come and go without a new version of the task, but with a new tag', async (t) => {
  const task = await ann.create({ title: 'Paint' })
  const shown = async () => {
    const answer = await ann.read(task)
    return { ...answer.json(), tag: answer.headers.etag }
  }
  t.strictSame(await shown(), { ...task, tag: '"1"' })
  const [one] = [await comment(ann, task), await comment(ann, task)]
  t.strictSame(await shown(), { ...task, comment_count: 2, tag: '"1.2"' })
  t.equal((await ann.read(task, { 'if-none-match': '"1"' })).statusCode, 200)
  t.equal((await ann.read(task, { 'if-none-match': '"1.1"' })).statusCode, 200)
  t.equal((await ann.read(task, { 'if-none-match': 'W/"1.2"' })).statusCode, 304)
  t.strictSame(await events.of(task), ['task.created'])

  const patch = (payload: object, tag: string) =>
    ann.send({
      method: 'PATCH',
      url: `/api/v1/tasks/${task.id}`,
      payload,
      headers: { 'if-match': tag }
    })
  const renamed = await patch({ title: 'Paint it' }, '"1.1"')
  t.match(renamed.json(), { version: 2, comment_count: 2 })
  t.equal(renamed.headers.etag, '"2.2"')
  const late = await patch({ title: 'x' }, '"1.2"')
  t.match(late.json(), { status: 412, current_version: 2, changed_fields: ['title'] })
  t.equal(late.headers.etag, '"2.2"')
  for (const tag of ['"2"', 'W/"2.7"', '"1", "2.2"']) {
    t.equal((await patch({ title: 'Paint it' }, tag)).statusCode, 200, tag)
  }
  for (const tag of ['"2."', '"2.02"', '"2.2.2"', '"2.x"']) {
    t.equal((await patch({ title: 'Paint it' }, tag)).statusCode, 412, tag)
  }
  t.equal((await deleteComment(ann, one)).statusCode, 204)
  t.match(await shown(), { version: 2, comment_count: 1, tag: '"2.1"' })
})

t.test('wherever a task is shown, its comments are counted', async (t) => {
  const zoe = await signUp()
  const task = await zoe.create({ title: 'Paint' })
  await comment(zoe, task)
  await comment(zoe, task)
  t.match((await zoe.get('/api/v1/tasks')).json().data, [{ comment_count: 2 }])
  t.match((await zoe.get('/api/v1/tasks?q=paint')).json().data, [{ comment_count: 2 }])
  const operations = [{ op: 'update', id: task.id, data: { status: 'done' } }]
  t.match((await zoe.post('/api/v1/task-batches', { operations })).json().results, [
    { task: { comment_count: 2 } }
  ])
  const { version, comment_count, id, ...fields } = (await zoe.read(task)).json()
  const { title, description, status, priority, due_date, tags, assignee_id } = fields
  const all = { title, description, status, priority, due_date, tags, assignee_id }
  const put = await zoe.put(task, { ...all, priority: 'high' })
  t.match(put.json(), { comment_count: 2, version: version + 1 })
  t.equal(put.headers.etag, `"${version + 1}.2"`)
  t.equal((await zoe.remove(task)).statusCode, 204)
  t.match((await zoe.get('/api/v1/tasks?deleted=only')).json().data, [{ comment_count: 2 }])
  const restored = await zoe.restore(task)
  t.match(restored.json(), { comment_count: 2 })
  t.equal(restored.headers.etag, `"${version + 3}.2"`)
  t.equal((await bodiesOn(zoe, task)).length, 2, 'they come back with it')
})

t.test('an edit makes a new version; the same text changes nothing', async (t) => {
  const task = await ann.create({ title: 'Paint' })
  const first = await comment(ann, task, 'Blue')
  t.strictSame((await editComment(ann, first, 'Blue', '"1"')).json(), first)
  const edited = await editComment(ann, first, 'Green', '"1"')
  t.equal(edited.headers.etag, '"2"')
  const { edited_at, ...rest } = edited.json()
  t.strictSame(rest, { ...rest, id: first.id, created_at: first.created_at, version: 2 })
  t.ok(edited_at >= first.created_at)
  const late = await editComment(ann, first, 'Red', '"1"')
  t.match(late.json(), { status: 412, current_version: 2, changed_fields: ['body'] })
  t.equal(late.headers.etag, '"2"')
  t.equal((await deleteComment(ann, first, '"1"')).statusCode, 412)
  t.strictSame(await bodiesOn(ann, task), ['Green'])
  t.equal((await deleteComment(ann, first, '"2"')).statusCode, 204)
  t.equal((await readComment(ann, first)).statusCode, 404)
  t.equal((await editComment(ann, first, 'Red')).statusCode, 404)
  t.equal((await deleteComment(ann, first)).statusCode, 404)
  t.match(
    { count: await countOn(ann, task), tag: (await ann.read(task)).headers.etag },
    {
      count: 0,
      tag: '"1"'
    }
  )
})

t.test('the audit log names the task and the comment, and not what it says', async (t) => {
  const task = await ann.create({ title: 'Paint' })
  const first = await comment(ann, task, 'A secret')
  await editComment(ann, first, 'A secret')
  await editComment(ann, first, 'Another secret')
  await deleteComment(ann, first)
  const entries = (await auditEntries(db)).filter(({ subject_id }) => subject_id === task.id)
  t.strictSame(
    entries.map(({ action, subject_type, detail, actor_id }) => [
      action,
      subject_type,
      detail,
      actor_id
    ]),
    ['created', 'updated', 'deleted'].map((what) => [
      `comment.${what}`,
      'task',
      `comment ${first.id}`,
      ann.user.id
    ])
  )
  t.notMatch(JSON.stringify(await auditEntries(db)), 'secret')
})

t.test('a repeated comment has no second effect', async (t) => {
  const task = await ann.create({ title: 'Paint' })
  const post = (body: string, on = task) =>
    postComment(ann, on, body, { 'idempotency-key': 'one comment' })
  const first = await post('Blue')
  const again = await post('Blue')
  t.strictSame(
    [again.statusCode, again.body, again.headers.etag, again.headers.location],
    [201, first.body, first.headers.etag, first.headers.location]
  )
  t.equal(again.headers['idempotent-replayed'], 'true')
  t.equal((await post('Green')).statusCode, 422)
  t.equal((await post('Blue', await ann.create({ title: 'Other' }))).statusCode, 422)
  t.equal(await countOn(ann, task), 1)
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => postComment(ann, task, 'x', { 'idempotency-key': 'at once' }))
  )
  for (const answer of answers.filter(({ statusCode }) => statusCode !== 201)) {
    t.match(answer.json(), { status: 409, code: 'idempotency_in_flight' })
  }
  t.equal(await countOn(ann, task), 2)
})

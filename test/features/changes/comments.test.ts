import t from 'tap'
import { comment, deleteComment, editComment, postComment } from '../../support/comments.ts'
import { follow, linesOf } from '../../support/follower.ts'
import { projectWith } from '../../support/projects.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t, { env: { DIRECTORY: 'all' } })

t.test('members see each change of a comment, with the comment as it is now', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { viewer: bob })
  const task = await ann.create({ title: 'Paint', project_id: project.id })
  const [anns, bobs, eves] = [await follow(ann), await follow(bob), await follow(eve)]
  const one = await comment(bob, task)
  const changed = (await editComment(bob, one, 'Which green?')).json()
  t.equal((await editComment(bob, one, 'Which green?')).json().version, 2, 'the same text')
  t.equal((await editComment(ann, one, 'Not mine')).statusCode, 403)
  t.equal((await postComment(eve, task, 'Not for me')).statusCode, 404)

  const seen = await bobs()
  t.strictSame(linesOf(seen), ['comment.created 1', 'comment.updated 2 body'])
  t.match(seen[0], {
    actor_id: bob.user.id,
    project_id: project.id,
    resource: { type: 'comment', id: one.id },
    data: changed
  })
  t.equal((await deleteComment(ann, one)).statusCode, 204)
  const gone = await bobs()
  t.match(gone, [{ type: 'comment.deleted', actor_id: ann.user.id, data: null }])
  t.strictSame(linesOf(gone), ['comment.deleted 3'], 'later than each version before')
  const all = await anns()
  t.strictSame(
    all.map(({ id }) => id),
    [...seen, ...gone].map(({ id }) => id),
    'the owner sees the same changes'
  )
  t.ok(
    all.every(({ data }) => data === null),
    'which show what is left of the comment'
  )
  t.strictSame(await eves(), [])
})

t.test('who has a personal task of somebody else to do sees its comments, too', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const task = await ann.create({ title: 'Paint', assignee_id: bob.user.id })
  const other = await ann.create({ title: 'Sweep' })
  const [anns, bobs, eves] = [await follow(ann), await follow(bob), await follow(eve)]
  const one = await comment(ann, task)
  await comment(ann, other)
  const answer = await comment(bob, task, 'Blue')
  await editComment(bob, answer, 'Light blue')
  await deleteComment(ann, one)
  const seen = await bobs()
  t.strictSame(linesOf(seen), [
    'comment.created 1',
    'comment.created 1',
    'comment.updated 2 body',
    'comment.deleted 2'
  ])
  t.match(seen[1], { data: { id: answer.id, body: 'Light blue' }, project_id: null })
  const all = await anns()
  t.equal(all.length, 5)
  t.strictSame(
    all.filter(({ id }) => seen.some((it) => it.id === id)),
    seen,
    'the same changes as those of the owner'
  )
  t.strictSame(await eves(), [])

  await ann.patch(task, { assignee_id: null })
  await comment(ann, task, 'Nobody paints')
  t.strictSame(linesOf(await bobs()), ['task.updated 2 assignee_id'], 'and none when it is over')
})

t.test('a comment that is created again with its key is one change', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint' })
  const anns = await follow(ann)
  const key = { 'idempotency-key': 'once' }
  await postComment(ann, task, 'Blue?', key)
  t.equal((await postComment(ann, task, 'Blue?', key)).headers['idempotent-replayed'], 'true')
  t.strictSame(linesOf(await anns()), ['comment.created 1'])
})

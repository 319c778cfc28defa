import t from 'tap'
import {
  bodiesOn,
  comment,
  commentsUrl,
  countOn,
  deleteComment,
  editComment,
  postComment,
  readComment
} from '../../support/comments.ts'
import { patchProject, projectWith, putMember, removeMember } from '../../support/projects.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const people = {
  viewer: await signUp(),
  editor: await signUp(),
  admin: await signUp(),
  owner: await signUp(),
  stranger: await signUp(),
  manager: await signUp('manager'),
  root: await signUp('admin'),
  /** Somebody to whom the task is assigned; in a project, another viewer. */
  assignee: await signUp()
}
type Who = keyof typeof people
const { owner, assignee, viewer, editor, admin } = people
const project = await projectWith(owner, { viewer, editor, admin })
await putMember(owner, project, assignee, 'viewer')

const assigned = { title: 'x', assignee_id: assignee.user.id }
const PLACES: Record<
  string,
  { task: () => Promise<{ id: string }>; readers: Who[]; moderators: Who[] }
> = {
  'a task of a project': {
    task: () => owner.create({ ...assigned, project_id: project.id }),
    readers: ['viewer', 'editor', 'admin', 'owner', 'manager', 'root', 'assignee'],
    moderators: ['admin', 'owner', 'manager', 'root']
  },
  'a personal task': {
    task: () => owner.create(assigned),
    readers: ['owner', 'manager', 'root', 'assignee'],
    moderators: ['owner', 'manager', 'root']
  }
}

for (const [place, { task: newTask, readers, moderators }] of Object.entries(PLACES)) {
  const may = (role: string, those: Who[]) => {
    const refused = readers.includes(role as Who) ? 403 : 404
    return (success: number) => (those.includes(role as Who) ? success : refused)
  }

  t.test(`whoever sees ${place} reads and writes comments on it`, async (t) => {
    for (const [role, who] of Object.entries(people)) {
      const task = await newTask()
      const ofOwner = await comment(owner, task)
      const expected = may(role, readers)
      t.equal((await who.get(commentsUrl(task))).statusCode, expected(200), role)
      t.equal((await readComment(who, ofOwner)).statusCode, expected(200), role)
      const own = await postComment(who, task, 'Mine')
      t.equal(own.statusCode, expected(201), role)
      t.equal(await countOn(owner, task), readers.includes(role as Who) ? 2 : 1)
      if (own.statusCode === 201) {
        t.equal(own.json().author_id, who.user.id)
        t.equal((await editComment(who, own.json(), 'Still mine')).statusCode, 200, role)
        t.equal((await deleteComment(who, own.json())).statusCode, 204, role)
      }
      t.equal(await countOn(owner, task), 1)
    }
  })

  t.test(`nobody edits another's comment on ${place}; ${moderators} delete any`, async (t) => {
    for (const [role, who] of Object.entries(people)) {
      const author = role === 'assignee' ? owner : assignee
      const task = await newTask()
      const others = await comment(author, task, 'Theirs')
      const edited = await editComment(who, others, 'Mine')
      t.equal(edited.statusCode, may(role, [])(200), role)
      const deleted = await deleteComment(who, others)
      t.equal(deleted.statusCode, may(role, moderators)(204), role)
      if (deleted.statusCode === 403) {
        t.equal(deleted.json().code, 'not_allowed')
      }
      const isDeleted = moderators.includes(role as Who)
      t.strictSame(await bodiesOn(owner, task), isDeleted ? [] : ['Theirs'])
      t.equal(await countOn(owner, task), isDeleted ? 0 : 1)
    }
  })
}

t.test('an archived project can be read, and nobody comments in it', async (t) => {
  const archived = await projectWith(owner, { viewer })
  const task = await owner.create({ title: 'x', project_id: archived.id })
  const [hers, theirs] = [await comment(owner, task), await comment(viewer, task)]
  await patchProject(owner, archived, { archived: true })
  const answers = [
    await postComment(viewer, task, 'x'),
    await postComment(owner, task, 'x'),
    await editComment(viewer, theirs, 'x'),
    await deleteComment(viewer, theirs),
    await deleteComment(owner, hers)
  ]
  for (const answer of answers) {
    t.match(answer.json(), { status: 409, code: 'project_archived' })
  }
  t.equal((await bodiesOn(viewer, task)).length, 2)
  t.equal(await countOn(viewer, task), 2)
  await patchProject(owner, archived, { archived: false })
  t.equal((await deleteComment(viewer, theirs)).statusCode, 204)
})

t.test('comments on a task in the trash are not found, like the task', async (t) => {
  const task = await owner.create({ title: 'x' })
  const one = await comment(owner, task)
  await owner.remove(task)
  const statuses = [
    await owner.get(commentsUrl(task)),
    await readComment(owner, one),
    await postComment(owner, task, 'x'),
    await editComment(owner, one, 'x'),
    await deleteComment(owner, one)
  ].map(({ statusCode }) => statusCode)
  t.strictSame(statuses, [404, 404, 404, 404, 404])
  await owner.restore(task)
  t.equal(await countOn(owner, task), 1)
})

t.test('who left a project loses their comments there, which stay', async (t) => {
  const shared = await projectWith(owner, { editor })
  const task = await owner.create({ title: 'x', project_id: shared.id })
  const theirs = await comment(editor, task, 'I was here')
  await removeMember(editor, shared, editor)
  t.equal((await editComment(editor, theirs, 'x')).statusCode, 404)
  t.equal((await deleteComment(editor, theirs)).statusCode, 404)
  t.match((await readComment(owner, theirs)).json(), {
    author_id: editor.user.id,
    body: 'I was here'
  })
})

t.test('a comment is found under its own task only', async (t) => {
  const [task, other] = [await owner.create({ title: 'x' }), await owner.create({ title: 'y' })]
  const one = await comment(owner, task)
  const elsewhere = { ...one, task_id: other.id }
  t.equal((await readComment(owner, elsewhere)).statusCode, 404)
  t.equal((await editComment(owner, elsewhere, 'x')).statusCode, 404)
  t.equal((await deleteComment(owner, elsewhere)).statusCode, 404)
  t.equal(await countOn(owner, task), 1)
})

t.test('a key needs the scopes of comments', async (t) => {
  const task = await owner.create({ title: 'x' })
  const one = await comment(owner, task)
  const keyOf = async (...scopes: string[]) => {
    const expires_at = new Date(Date.now() + 86_400_000).toISOString()
    const created = await owner.post('/api/v1/me/api-keys', { name: 'x', scopes, expires_at })
    return { authorization: `Bearer ${created.json().key}` }
  }
  const tasksOnly = await keyOf('tasks:read', 'tasks:write')
  const missing = { status: 403, code: 'missing_scope' }
  t.match((await owner.get(commentsUrl(task), tasksOnly)).json(), missing)
  t.match((await postComment(owner, task, 'x', tasksOnly)).json(), missing)
  const reader = await keyOf('comments:read')
  t.equal((await owner.get(commentsUrl(task), reader)).statusCode, 200)
  t.equal((await readComment(owner, one, reader)).statusCode, 200)
  t.match((await postComment(owner, task, 'x', reader)).json(), missing)
  const writer = await keyOf('comments:write')
  t.equal((await postComment(owner, task, 'x', writer)).statusCode, 201)
  t.match((await owner.get(commentsUrl(task), writer)).json(), missing)
  t.equal(await countOn(owner, task), 2)
})

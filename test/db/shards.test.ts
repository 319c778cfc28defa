import type { LightMyRequestResponse as Response } from 'fastify'
import t, { type Test } from 'tap'
import { withoutCitus } from '../support/citus.ts'
import {
  comment,
  commentsUrl,
  deleteComment,
  editComment,
  readComment
} from '../support/comments.ts'
import { imported, rows, rowsWithParents, upload, worker } from '../support/imports.ts'
import { createTalkingCluster, SHARDS } from '../support/node-statements.ts'
import { move } from '../support/order.ts'
import { createProject, deleteProject, projectUrl, projectWith } from '../support/projects.ts'
import { createTestApp, type Person } from '../support/test-app.ts'

/** What a cluster is asked for each call: the shard of its owner, or those of the owners in the caller's reach. */
const skip = await withoutCitus()
const TASKS = '/api/v1/tasks'
const NOBODYS = '019f2f6e-7c1a-7aaa-8aaa-0123456789aa'

async function openApp(t: Test) {
  const cluster = await createTalkingCluster(t)
  const env = { MAX_TASKS_PER_USER: '1000', DIRECTORY: 'all' }
  const app = await createTestApp(t, { database: cluster.database, env })
  return { ...cluster, ...app }
}
type App = Awaited<ReturnType<typeof openApp>>

/** Signs up people whose rows are in different shards. */
async function signUpApart({ signUp, shardOf }: App, count: number) {
  const people = new Map<string, Person>()
  while (people.size < count) {
    const who = await signUp()
    const shard = await shardOf(who.user.id)
    people.set(shard, people.get(shard) ?? who)
  }
  return [...people].map(([shard, who]) => Object.assign(who, { shard }))
}

/** Makes a call that must succeed, and returns what the nodes are asked for it. */
async function askedFor({ askedBy }: App, call: () => Promise<Response>) {
  let response: Response | undefined
  const asked = await askedBy(async () => {
    response = await call()
  })
  return { ...asked, status: response?.statusCode ?? 0 }
}

/** Calls by somebody about their own task. */
const callsOn = async (who: Person): Promise<[string, () => Promise<Response>][]> => {
  const task = await who.create({ title: 'Paint the kitchen' })
  const other = await who.create({ title: 'Buy paint' })
  const top = await who.create({ title: 'Lay the floor' })
  const below = await who.create({ title: 'Buy tiles', parent_id: top.id })
  const said = await comment(who, task)
  const project = await createProject(who)
  const cursor = (await who.get('/api/v1/changes')).json().pagination.next_cursor
  const post = (url: string, payload: object, headers = {}) =>
    who.send({ method: 'POST', url, payload, headers })
  return [
    ['list', () => who.get(TASKS)],
    ['list of a status, by title', () => who.get(`${TASKS}?status=todo&sort=title_asc`)],
    ['list with a total', () => who.get(`${TASKS}?include_total=true`)],
    ['search', () => who.get(`${TASKS}?q=paint`)],
    ['get', () => who.read(task)],
    ['get what nobody has', () => who.read({ id: NOBODYS })],
    ['history', () => who.get(`${TASKS}/${task.id}/events`)],
    ['create', () => post(TASKS, { title: 'Paint the hall' })],
    ['create below another', () => post(TASKS, { title: 'Paint a wall', parent_id: task.id })],
    ['create with a key', () => post(TASKS, { title: 'Once' }, { 'idempotency-key': 'once' })],
    ['create again with it', () => post(TASKS, { title: 'Once' }, { 'idempotency-key': 'once' })],
    ['change', () => who.patch(other, { title: 'Buy blue paint' })],
    ['move', () => move(who, other, { before_id: null })],
    ['put below', () => who.patch(other, { parent_id: task.id })],
    ['batch', () => post('/api/v1/task-batches', batchOn(other))],
    ['batch, one by one', () => post('/api/v1/task-batches', { ...batchOn(other), atomic: false })],
    ['batch of deletions', () => post('/api/v1/task-batches', deletionsOf(below, top))],
    ['put into a project', () => who.patch(task, { project_id: project.id })],
    ['list of the project', () => who.get(`${TASKS}?project_id=${project.id}`)],
    ['create in the project', () => post(TASKS, { title: 'Tile', project_id: project.id })],
    ['delete the project', () => deleteProject(who, project)],
    ['restore the project', () => post(projectUrl(project, '/restore'), {})],
    ['comment', () => post(commentsUrl(task), { body: 'Blue' })],
    ['comments', () => who.get(commentsUrl(task))],
    ['read a comment', () => readComment(who, said)],
    ['change a comment', () => editComment(who, said, 'Green')],
    ['delete a comment', () => deleteComment(who, said)],
    ['statistics', () => who.get('/api/v1/task-stats')],
    ['statistics by day', () => who.get('/api/v1/task-stats/history')],
    ['export', () => who.get('/api/v1/task-exports/csv')],
    ['delete', () => who.remove(task)],
    ['trash', () => who.get(`${TASKS}?deleted=only`)],
    ['restore', () => who.restore(task)],
    ['changes', () => who.get(`/api/v1/changes?cursor=${cursor}`)],
    ['upload', () => upload(who, rows(3))],
    ['delete all', () => who.send({ method: 'DELETE', url: `${TASKS}?confirm=all` })]
  ]
}

const deletionsOf = (...tasks: { id: string }[]) => ({
  operations: tasks.map(({ id }) => ({ op: 'delete', id }))
})

const batchOn = (task: { id: string }) => ({
  operations: [
    { op: 'create', data: { title: 'Paint the door' } },
    { op: 'update', id: task.id, data: { priority: 'high' } }
  ]
})

t.test(
  'whatever somebody does with their own tasks asks one shard, and commits on one node',
  { skip },
  async (t) => {
    const app = await openApp(t)
    const [ann] = await signUpApart(app, 2)
    for (const [name, call] of await callsOn(ann as Person)) {
      const { status, shards, results, prepared } = await askedFor(app, call)
      t.ok(status < 300 || name === 'get what nobody has', `${name}: ${status}`)
      const expected = { shards: [ann?.shard], results: 0, prepared: 0 }
      t.strictSame({ shards, results, prepared }, expected, name)
    }
  }
)

t.test(
  'what somebody does with the tasks of others asks the shards of those in reach',
  { skip },
  async (t) => {
    const app = await openApp(t)
    const [ann, dora, ed] = await signUpApart(app, 3)
    if (!(ann && dora && ed)) {
      return
    }
    const project = await projectWith(dora, { editor: ann })
    const shared = await dora.create({ title: 'Shared', project_id: project.id })
    const given = await ed.create({ title: 'Given', assignee_id: ann.user.id })
    await ann.create({ title: 'Own' })
    const cursor = (await ann.get('/api/v1/changes')).json().pagination.next_cursor
    const inReach = [ann.shard, dora.shard, ed.shard].sort()
    const all = async (name: string, call: () => Promise<Response>, expected: string[]) => {
      const { status, shards } = await askedFor(app, call)
      t.ok(status < 300, `${name}: ${status}`)
      t.strictSame(shards, expected.toSorted(), name)
    }
    await all('list', () => ann.get(TASKS), inReach)
    await all('search', () => ann.get(`${TASKS}?q=shared`), inReach)
    await all('statistics', () => ann.get('/api/v1/task-stats'), inReach)
    await all('list of the project', () => ann.get(`${TASKS}?project_id=${project.id}`), [
      dora.shard
    ])
    await all('changes', () => ann.get(`/api/v1/changes?cursor=${cursor}`), [ann.shard, dora.shard])
    const some = async (name: string, call: () => Promise<Response>, changed: string[]) => {
      const asked = await askedFor(app, call)
      t.ok(asked.status < 300, `${name}: ${asked.status}`)
      t.strictSame(
        asked.shards.filter((shard) => !inReach.includes(shard)),
        [],
        name
      )
      t.strictSame(asked.changed, changed.toSorted(), `${name}: where rows are changed`)
    }
    await some('get', () => ann.read(shared), [])
    await some('get what is given', () => ann.read(given), [])
    await some('change', () => ann.patch(shared, { title: 'Better' }), [dora.shard])
    await some('comment', () => ann.post(commentsUrl(shared), { body: 'Blue' }), [dora.shard])
    await some('delete', () => ann.remove(shared), [dora.shard])
    await some('restore', () => ann.restore(shared), [dora.shard])
    const task = { title: 'New', project_id: project.id }
    await some('create', () => ann.post(TASKS, task), [dora.shard])
    await some('finish what is given', () => ann.patch(given, { status: 'done' }), [
      ann.shard,
      ed.shard
    ])
  }
)

/** What asks all shards, and why. */
const EXCEPTIONS: [
  string,
  string,
  (people: Record<'boss' | 'root', Person>) => Promise<Response>
][] = [
  ["everybody's tasks", 'managers see them', ({ boss }) => boss.get(`${TASKS}?scope=all`)],
  ['a task by its id', 'a manager sees whosever it is', ({ boss }) => boss.read({ id: NOBODYS })],
  [
    'a task with an id of its own',
    'nobody else may have a task with it',
    ({ boss }) => boss.post(TASKS, { id: NOBODYS, title: 'Mine' })
  ],
  ['the audit log', 'is about everybody', ({ root }) => root.get('/api/v1/admin/audit-log')],
  ['statistics', 'of the whole installation', ({ root }) => root.get('/api/v1/admin/stats')]
]

t.test('all shards are asked by what concerns everybody', { skip }, async (t) => {
  const app = await openApp(t)
  const people = { boss: await app.signUp('manager'), root: await app.signUp('admin') }
  for (const [name, reason, call] of EXCEPTIONS) {
    const { shards } = await askedFor(app, () => call(people))
    t.equal(shards.length, SHARDS, `${name}: ${reason}`)
  }
})

t.test(
  'an import changes rows in the shard of its owner, and sends nothing to another node',
  { skip },
  async (t) => {
    const app = await openApp(t)
    const [ann] = await signUpApart(app, 2)
    worker(t, app)
    const files = {
      'two blocks': rows(600),
      'rows with errors': 'title,priority\nPaint,high\nBuy,none\n',
      'rows below others': rowsWithParents(4)
    }
    for (const [name, file] of Object.entries(files)) {
      const asked = await app.askedBy(() => imported(ann as Person, file))
      t.strictSame(asked.changed, [ann?.shard], name)
      t.equal(asked.results, 0, `${name}: nothing is sent from node to node`)
    }
  }
)

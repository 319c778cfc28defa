import { randomUUID } from 'node:crypto'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { leaseImport, releaseImport } from '../../../src/features/imports/lease.queries.ts'
import { processBlock } from '../../../src/features/imports/process-block.ts'
import type { Project } from '../../../src/features/projects/schema.ts'
import { storageQuotaOf } from '../../../src/features/tasks/storage-quota.ts'
import { auditEntries } from '../../support/audit-log.ts'
import {
  accepted,
  ended,
  everyPage,
  IMPORTS,
  imported,
  PREVIEW,
  preview,
  rows,
  upload,
  worker
} from '../../support/imports.ts'
import {
  createProject,
  deleteProject,
  patchProject,
  projectUrl,
  projectWith,
  putMember,
  removeMember
} from '../../support/projects.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const { signUp, db, config } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const FILE = 'title,status\nMeasure,done\nOrder,todo\n'
const into = ({ id }: { id: string }) => ({ query: `?project_id=${id}` })
const tasksIn = (who: Person, { id }: { id: string }) =>
  everyPage(who, `/api/v1/tasks?sort=title_asc&project_id=${id}`)
const audited = async (who: Person, action: string) =>
  (await auditEntries(db)).filter(
    (entry) => entry.actor_id === who.user.id && entry.action === action
  )
const personal = (who: Person) => everyPage(who, '/api/v1/tasks?personal=true')

t.test('tasks that an editor imports into a project are tasks of its owner', async (t) => {
  worker(t, { db, config })
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const done = await imported(bob, FILE, into({ id: project.id.toUpperCase() }))
  t.match(done, { status: 'succeeded', project_id: project.id, rows_created: 2, rows_rejected: 0 })
  const expected = { owner_id: ann.user.id, created_by: bob.user.id, project_id: project.id }
  const found = await tasksIn(ann, project)
  t.match(found, [
    { title: 'Measure', status: 'done', ...expected },
    { title: 'Order', status: 'todo', completed_at: null, ...expected }
  ])
  for (const task of found) {
    const history = await everyPage(ann, `/api/v1/tasks/${task.id}/events`)
    t.match(history, [{ type: 'task.created', actor_id: bob.user.id, version: 1 }])
  }
  t.strictSame([await personal(ann), await personal(bob)], [[], []])
  t.match(await audited(bob, 'task_import.created'), [
    { detail: `2 rows into project ${project.id}` }
  ])

  t.match(await imported(ann, FILE, into(project)), { rows_created: 2 })
  const own = (await tasksIn(ann, project)).filter(({ created_by }) => created_by === ann.user.id)
  t.equal(own.length, 2)
  t.match(await imported(ann, FILE), { project_id: null, rows_created: 2 })
  t.match(await personal(ann), [{ project_id: null }, { project_id: null }])
})

t.test('managers import into any project, as themselves', async (t) => {
  worker(t, { db, config })
  const [ann, boss] = [await signUp(), await signUp('manager')]
  const project = await createProject(ann)
  t.match(await imported(boss, FILE, into(project)), { rows_created: 2 })
  t.match(await tasksIn(ann, project), [
    { owner_id: ann.user.id, created_by: boss.user.id },
    { owner_id: ann.user.id, created_by: boss.user.id }
  ])
})

t.test('a project is refused into which its caller may not put tasks', async (t) => {
  const [ann, viewer, stranger] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { viewer })
  const archived = await createProject(ann)
  await patchProject(ann, archived, { archived: true })
  const deleted = await createProject(ann)
  await deleteProject(ann, deleted)
  const unknown = {
    status: 400,
    errors: [{ in: 'query', pointer: '/project_id', code: 'unknown_project' }]
  }
  const refused: [who: Person, project_id: string, problem: object][] = [
    [stranger, project.id, unknown],
    [ann, uuidv7(), unknown],
    [ann, ann.user.id, unknown],
    [ann, deleted.id, unknown],
    [ann, 'kitchen', { status: 400, errors: [{ in: 'query', pointer: '/project_id' }] }],
    [viewer, project.id, { status: 403, code: 'not_allowed' }],
    [ann, archived.id, { status: 409, code: 'project_archived' }]
  ]
  for (const [who, id, problem] of refused) {
    t.match((await upload(who, FILE, into({ id }))).json(), problem, id)
    await t.rejects(preview(who, FILE, into({ id })), /no preview/)
    const url = `${PREVIEW}?project_id=${id}`
    const asBody = {
      method: 'POST',
      url,
      payload: FILE,
      headers: { 'content-type': 'text/csv' }
    } as const
    t.match((await who.send(asBody)).json(), problem, `preview ${id}`)
    t.strictSame((await who.get(IMPORTS)).json().data, [])
  }
  t.strictSame(await tasksIn(ann, project), [])
  t.match((await preview(ann, FILE, into(project))).tasks, [
    { title: 'Measure', project_id: project.id },
    { project_id: project.id }
  ])
})

/** Imports the first 500 rows, as a worker would that then stops. */
async function importOneBlock(): Promise<void> {
  const id = randomUUID()
  const leased = await leaseImport(db, id, false)
  if (!leased) {
    throw new Error('nothing to import')
  }
  await processBlock({ db, id, quota: 0, storage: storageQuotaOf(db, config), config }, leased)
  await releaseImport(db, id, leased, 'more')
}

const LOSSES: [
  what: string,
  lose: (owner: Person, p: Project, editor: Person) => unknown,
  problem: object
][] = [
  [
    'becomes a viewer',
    (owner, project, editor) => putMember(owner, project, editor, 'viewer'),
    { code: 'not_allowed', status: 403, detail: /may no longer create tasks.*remain/ }
  ],
  [
    'is removed',
    (owner, project, editor) => removeMember(owner, project, editor),
    { code: 'not_found', status: 404, detail: /do not belong to it any more.*remain/ }
  ],
  [
    'finds the project archived',
    (owner, project) => patchProject(owner, project, { archived: true }),
    { code: 'project_archived', status: 409, detail: /archived meanwhile.*remain/ }
  ],
  [
    'finds the project deleted',
    (owner, project) => deleteProject(owner, project),
    { code: 'not_found', status: 404, detail: /was deleted/ }
  ],
  [
    'finds the account of the owner deleted',
    (owner) => owner.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } }),
    { code: 'not_found', status: 404, detail: /was deleted/ }
  ]
]
for (const [what, lose, problem] of LOSSES) {
  t.test(`an import ends, and says why, when its owner ${what} before its last rows`, async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const project = await projectWith(ann, { editor: bob })
    const queued = await accepted(bob, rows(1100), into(project))
    await importOneBlock()
    t.match((await bob.get(`${IMPORTS}/${queued.id}`)).json(), { rows_imported: 500 })
    await lose(ann, project, bob)
    worker(t, { db, config })
    t.match(await ended(bob, queued), {
      status: 'failed',
      rows_processed: 500,
      rows_imported: 500,
      rows_rejected: 0,
      problem
    })
    t.match(await audited(bob, 'task_import.finished'), [{ outcome: 'failed' }])
    t.strictSame(await personal(bob), [])
  })
}

t.test('an import goes on in a project that changes its owner meanwhile', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const queued = await accepted(bob, rows(1100), into(project))
  await importOneBlock()
  const transfer = await ann.post(projectUrl(project, '/transfer'), { user_id: bob.user.id })
  t.equal(transfer.statusCode, 200)
  worker(t, { db, config })
  t.match(await ended(bob, queued), { status: 'succeeded', rows_imported: 1100 })
  const found = await tasksIn(ann, project)
  t.strictSame(new Set(found.map(({ owner_id }) => owner_id)), new Set([bob.user.id]))
  t.equal(found.length, 1100)
})

t.test('imports into one project at the same time keep to the quota of its owner', async (t) => {
  const env = { DIRECTORY: 'all', MAX_TASKS_PER_USER: '30' }
  const { signUp, db, config } = await createTestApp(t, { env })
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob, admin: eve })
  await ann.create({ title: 'mine' })
  const tried = await accepted(bob, rows(35), { query: `${into(project).query}&dry_run=true` })
  worker(t, { db, config })
  t.match(await ended(bob, tried), { rows_imported: 29, rows_rejected: 6 })
  const both = await Promise.all([
    imported(bob, rows(20, 'Bob'), into(project)),
    imported(eve, rows(20, 'Eve'), into(project))
  ])
  t.equal(both[0].rows_imported + both[1].rows_imported, 29)
  t.equal((await tasksIn(ann, project)).length, 29)
  t.match(await imported(bob, rows(30)), { rows_imported: 30, rows_rejected: 0 })
})

import type { PGlite } from '@electric-sql/pglite'
import t from 'tap'
import { serverUrl } from '../../support/database.ts'
import { imported, rows, worker } from '../../support/imports.ts'
import { deleteProject, projectUrl, projectWith, removeMember } from '../../support/projects.ts'
import { createTestApp } from '../../support/test-app.ts'

/**
 * Statements that name no owner, each with its reason. On a database that is spread over machines these become
 * directories of their own.
 */
const EXCEPTIONS: [RegExp, string][] = [
  [
    /where \(?"tasks"\."id" = \$\d+ and \(\$\d+::boolean or .*"tasks"\."assignee_id" = \$\d+/,
    "a path names a task by its id alone: used only when it is not the caller's own"
  ],
  [/select "id" from "tasks" where "tasks"\."id" in/, 'a caller-made id must be free everywhere'],
  [
    /^ ?select task_id as id, max\(version\) \+ 1 .* type = 'task\.purged' and task_id = any/,
    'a caller-made id may have belonged to a purged task of anybody'
  ],
  [
    /where \(?"tasks"\."id" in .* order by "tasks"\."id" for update/,
    "another owner's task, by id, for assignees and managers"
  ],
  [
    /select "owner_id" from "tasks" where \(?"tasks"\."id" = \$\d+/,
    "finds the owner of a task that is not the caller's own"
  ],
  [
    /^ ?select owner_id, id, parent_id, project_id from tasks where tasks\.id = any/,
    'where a task stands is read before its list is locked, whoever owns it'
  ],
  [
    /^ ?with (roots|level1) as \( ?select .* where owner_id = (\$\d+|any\()/,
    'a tree of tasks: it begins with an owner, and each level joins that of the one above'
  ],
  [
    /parent_id is not null as has_parent from tasks where tasks\.id = any\(.*\) and true and deleted_at/,
    'the tasks of a batch of a manager may be of anybody'
  ],
  [
    /^ ?select version from tasks where tasks\.id = \$\d+ and true and .* deleted_with = any/,
    'a task of a batch of a manager that has gone with another one'
  ],
  [
    /where \("tasks"\."owner_id" not in \(select id from users [^)]*\) and "tasks"\."deleted_at"/,
    'the tasks of all owners, for managers'
  ]
]

t.test(
  'every statement on tasks and their events names the owner, with known exceptions',
  { skip: serverUrl !== undefined && 'statements are recorded in the embedded driver' },
  async (t) => {
    const { signUp, db, config } = await createTestApp(t)
    worker(t, { db, config })
    const [ann, bob, boss] = [await signUp(), await signUp(), await signUp('manager')]
    const statements = record((db as unknown as { $client: PGlite }).$client)

    const task = await ann.create({
      title: 'Paint',
      id: '019f2f6e-7c1a-7aaa-8aaa-0123456789aa',
      assignee_id: bob.user.id
    })
    for (const who of [ann, bob, boss]) {
      await who.read(task)
      await who.patch(task, { status: 'in_progress' }, 1)
      await who.get(`/api/v1/tasks/${task.id}/events`)
      for (const query of [
        '',
        '?sort=due_date_asc&include_total=true',
        '?deleted=include&q=paint',
        '?status=todo&tag=a'
      ]) {
        await who.get(`/api/v1/tasks${query}`)
      }
      await who.get('/api/v1/task-stats')
    }
    const project = await projectWith(ann, { editor: bob })
    const shared = await bob.create({ title: 'Shared', project_id: project.id })
    for (const query of ['', '?q=shared', `?project_id=${project.id}&tag=a`, '?deleted=only']) {
      await bob.get(`/api/v1/tasks${query}`)
      await bob.get(`/api/v1/task-stats${query}`)
    }
    await bob.patch(shared, { title: 'Changed' })
    await bob.patch(shared, { assignee_id: bob.user.id })
    await bob.remove(shared)
    await bob.restore(shared)
    await bob.get('/api/v1/projects?include_counts=true')
    await removeMember(ann, project, bob)
    await deleteProject(ann, project)
    await ann.post(projectUrl(project, '/restore'))
    await boss.get('/api/v1/tasks?scope=all')
    await boss.get(`/api/v1/tasks?owner_id=${ann.user.id}`)
    await boss.patch(task, { title: 'Paint it' })
    const parent = await boss.create({ title: 'Parent', project_id: project.id })
    const below = await ann.create({ title: 'Below', parent_id: parent.id })
    await ann.get('/api/v1/tasks?include_subtasks=true&top_level=true')
    await ann.get(`/api/v1/tasks?parent_id=${parent.id}`)
    await ann.patch(parent, { project_id: null })
    await ann.remove(parent)
    await ann.restore(parent)
    await ann.post('/api/v1/task-batches', {
      operations: [
        { op: 'delete', id: parent.id },
        { op: 'delete', id: below.id }
      ]
    })
    await ann.post('/api/v1/task-batches', {
      operations: [
        { op: 'create', data: { title: 'x' } },
        { op: 'update', id: task.id, data: { priority: 'high' } }
      ]
    })
    await imported(ann, rows(3))
    const file = (await ann.get('/api/v1/task-exports/csv')).body.replace('Paint it', 'Paint all')
    await imported(ann, file, { query: '?on_conflict=update' })
    await ann.get('/api/v1/me/export')
    await ann.remove(task)
    await ann.restore(task)
    await ann.send({ method: 'DELETE', url: '/api/v1/tasks?confirm=all' })

    const owned = [...new Set(statements)].filter((text) =>
      /\b(from|into|update) "?(tasks|task_events)\b/.test(text)
    )
    t.ok(owned.length > 20, `${owned.length} statements were recorded`)
    for (const text of owned) {
      const isInsert = /^insert into "(tasks|task_events)" \("owner_id"/.test(text)
      // Each branch of a list by itself; in the branch of assigned tasks the owner is anyone but the caller.
      const namesOwner = text
        .split('union all')
        .every((branch) => /owner_id"? (=|<>) /.test(branch.slice(branch.indexOf(' where '))))
      t.ok(
        isInsert || namesOwner || EXCEPTIONS.some(([known]) => known.test(text)),
        text.slice(0, 2000)
      )
    }
  }
)

/** Records the text of every statement that is sent to the embedded database from now on, in lower case. */
function record(client: PGlite): string[] {
  const texts: string[] = []
  const recording = <T extends Pick<PGlite, 'query'>>(target: T): T => {
    const query = target.query.bind(target)
    return Object.assign(target, {
      query: (text: string, ...rest: []) => {
        texts.push(text.replace(/\s+/g, ' ').toLowerCase())
        return query(text, ...rest)
      }
    })
  }
  recording(client)
  const transaction = client.transaction.bind(client)
  client.transaction = ((
    work: (tx: Parameters<Parameters<PGlite['transaction']>[0]>[0]) => Promise<unknown>
  ) => transaction((tx) => work(recording(tx)))) as typeof client.transaction
  return texts
}

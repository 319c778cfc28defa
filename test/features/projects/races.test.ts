import { sql } from 'drizzle-orm'
import t from 'tap'
import { executeRows } from '../../../src/db/rows.ts'
import {
  createProject,
  deleteProject,
  patchProject,
  projectUrl,
  projectWith,
  putMember,
  removeMember
} from '../../support/projects.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, db } = await createTestApp(t, { env: { DIRECTORY: 'all' } })

/** Whatever happened at the same time, these hold of what is stored. */
const broken = async () => [
  ...(await executeRows<{ what: string }>(
    db,
    sql`
      -- Of a cluster the tasks are read first: no join is made with what other servers have.
      WITH t AS MATERIALIZED (
        SELECT owner_id, id, project_id, assignee_id, deleted_at FROM tasks
      ),
      without_event AS MATERIALIZED (
        SELECT t.id
        FROM tasks t
        LEFT JOIN task_events e ON e.owner_id = t.owner_id AND e.task_id = t.id
        GROUP BY t.owner_id, t.id, t.version
        HAVING count(e.id) <> t.version
      )
      SELECT 'a task of a project has another owner' AS what
      FROM t JOIN projects p ON p.id = t.project_id WHERE p.owner_id <> t.owner_id
      UNION ALL
      SELECT 'a live task is in a deleted project'
      FROM t JOIN projects p ON p.id = t.project_id
      WHERE p.deleted_at IS NOT NULL AND t.deleted_at IS NULL
      UNION ALL
      SELECT 'a task is assigned to somebody who is no member'
      FROM t JOIN projects p ON p.id = t.project_id
      WHERE t.assignee_id <> p.owner_id AND NOT EXISTS (
        SELECT FROM project_members m WHERE m.project_id = p.id AND m.user_id = t.assignee_id
      )
      UNION ALL
      SELECT 'an event is missing, or belongs to another owner' FROM without_event
      UNION ALL
      SELECT 'an owner is a member' FROM project_members m WHERE m.user_id = m.owner_id`
  ))
]
const ROUNDS = 5

t.test(
  'tasks are created, moved and changed while their project is deleted or restored',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    for (let round = 0; round < ROUNDS; round++) {
      const project = await projectWith(ann, { editor: bob })
      const inProject = { project_id: project.id }
      const [one, two] = [
        await bob.create({ title: 'x', ...inProject }),
        await bob.create({ title: 'y' })
      ]
      await Promise.all([
        ...Array.from({ length: 4 }, () => bob.post('/api/v1/tasks', { title: 'z', ...inProject })),
        bob.patch(two, inProject),
        bob.patch(one, { title: 'new' }),
        deleteProject(ann, project)
      ])
      t.strictSame(await broken(), [])
      await Promise.all([
        ann.post(projectUrl(project, '/restore')),
        ann.post(projectUrl(project, '/restore')),
        bob.restore(one),
        bob.post('/api/v1/tasks', { title: 'z', ...inProject })
      ])
      t.strictSame(await broken(), [])
    }
  }
)

t.test('a member leaves while tasks are assigned to them', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  for (let round = 0; round < ROUNDS; round++) {
    const project = await projectWith(ann, { editor: bob })
    const inProject = { project_id: project.id }
    const assigned = { ...inProject, assignee_id: bob.user.id }
    const task = await ann.create({ title: 'x', ...inProject })
    const answers = await Promise.all([
      ...Array.from({ length: 4 }, () => ann.post('/api/v1/tasks', { title: 'y', ...assigned })),
      ann.patch(task, { assignee_id: bob.user.id }),
      removeMember(bob, project, bob)
    ])
    t.equal(answers.at(-1)?.statusCode, 204)
    t.strictSame(await broken(), [])
  }
})

t.test('a project is transferred while it is deleted, archived and worked on', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  for (let round = 0; round < ROUNDS; round++) {
    const project = await projectWith(ann, { editor: bob, admin: eve })
    const inProject = { project_id: project.id }
    const task = await eve.create({ title: 'x', ...inProject })
    const personal = await eve.create({ title: 'y' })
    await Promise.all([
      ann.post(projectUrl(project, '/transfer'), { user_id: bob.user.id }),
      ann.post(projectUrl(project, '/transfer'), { user_id: eve.user.id }),
      eve.patch(task, { title: 'new' }),
      eve.patch(personal, inProject),
      eve.post('/api/v1/tasks', { title: 'z', ...inProject }),
      round % 2 === 0 ? deleteProject(ann, project) : patchProject(eve, project, { archived: true })
    ])
    t.strictSame(await broken(), [])
  }
})

t.test('a role is given by many at once, and one task moves to many places', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const projects = [await createProject(ann), await createProject(ann), await createProject(ann)]
  const [first] = projects
  const roles = ['viewer', 'editor', 'admin', 'viewer', 'editor', 'admin']
  const put = await Promise.all(
    roles.map((role) => putMember(ann, first as { id: string }, bob, role))
  )
  t.strictSame(countStatuses(put), { 200: 6 })
  const task = await ann.create({ title: 'x' })
  const moves = await Promise.all(projects.map(({ id }) => ann.patch(task, { project_id: id })))
  t.strictSame(countStatuses(moves), { 200: 3 })
  t.equal((await ann.read(task)).json().version, 4)
  t.strictSame(await broken(), [])
})

import t from 'tap'
import type { Role } from '../../../src/core/context.ts'
import { accountFile, checksumOf, JSON_LINES } from '../../support/account-files.ts'
import { bodiesOn, comment } from '../../support/comments.ts'
import { everyPage, imported, preview, tasksOf, worker } from '../../support/imports.ts'
import { createProject, putMember } from '../../support/projects.ts'
import { createBelow, treeViolations } from '../../support/subtasks.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db, config } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
worker(t, { db, config })

const ROWS = 4
type Id = { id: string }

/** An account with a project of two tasks, one below the other, which is commented on, and with two personal tasks. */
async function household(): Promise<{ ann: Person; project: Id }> {
  const ann = await signUp()
  const project = await createProject(ann, 'Attic')
  const top = await ann.create({ title: 'Top', project_id: project.id })
  const [below] = await createBelow(ann, top, ['Below'])
  await comment(ann, below as Id, 'Blue')
  const own = await ann.create({ title: 'Personal' })
  await createBelow(ann, own, ['Below it'])
  return { ann, project }
}

const ownProjects = async (who: Person): Promise<Id[]> =>
  (await everyPage(who, '/api/v1/projects')).filter(({ owner_id }) => owner_id === who.user.id)
const ownTasks = async (who: Person) =>
  (await tasksOf(who)).filter(({ owner_id }) => owner_id === who.user.id)

t.test('whatever somebody may do here, the account of another becomes a whole copy', async (t) => {
  const { ann, project } = await household()
  const file = await accountFile(ann)
  const viewer = await signUp()
  await putMember(ann, project, viewer, 'viewer')
  const people: [string, Person][] = [
    ['a user', await signUp()],
    ['an admin', await signUp('admin' satisfies Role)],
    ['a manager', await signUp('manager' satisfies Role)],
    ['a viewer', viewer]
  ]
  for (const [name, who] of people) {
    t.match((await preview(who, file, JSON_LINES)).projects, [{ project_id: null }], name)
    const dryRun = await imported(who, file, { ...JSON_LINES, query: '?dry_run=true' })
    t.match(dryRun, { rows_created: ROWS, rows_rejected: 0, errors_total: 0 }, name)
    for (const [projects_created, rows_created, comments_created] of [
      [1, ROWS, 1],
      [0, 0, 0]
    ] as const) {
      const query = rows_created === 0 ? '?on_conflict=update' : ''
      const done = await imported(who, file, { ...JSON_LINES, query })
      const told = done.warnings.map(({ code }) => code)
      t.match(done, { projects_created, rows_created, comments_created, errors_total: 0 }, name)
      t.notOk(told.includes('comments_not_imported'), name)
    }
    const [copy, ...others] = await ownProjects(who)
    t.strictSame(others, [], name)
    const tasks = await ownTasks(who)
    t.equal(tasks.length, ROWS, name)
    t.equal(tasks.filter(({ project_id }) => project_id === copy?.id).length, 2, name)
    const [commented] = tasks.filter(({ comment_count }) => comment_count === 1)
    t.match(commented, { title: 'Below', project_id: copy?.id, parent_id: /./ }, name)
    t.match(await bodiesOn(who, commented as Id), [/wrote:\n\nBlue$/], name)
    t.match((await preview(who, file, JSON_LINES)).projects, [{ project_id: copy?.id }], name)
  }
  t.equal(checksumOf(await accountFile(ann)), checksumOf(file))
  t.strictSame(await treeViolations(db), [])
})

t.test('an editor imports the tasks of an account into the project that it has here', async (t) => {
  const { ann, project } = await household()
  const editor = await signUp()
  await putMember(ann, project, editor, 'editor')
  const done = await imported(editor, await accountFile(ann), JSON_LINES)
  t.match(done, { projects_created: 0, rows_created: 2, rows_skipped: 2, rows_rejected: 0 })
  t.strictSame(await ownProjects(editor), [])
})

t.test('managers import an account into a project that they name', async (t) => {
  const { ann } = await household()
  const file = await accountFile(ann)
  const [eve, boss] = [await signUp(), await signUp('manager')]
  const project = await createProject(eve)
  const query = `?project_id=${project.id}`
  const done = await imported(boss, file, { ...JSON_LINES, query })
  t.match(done, { projects_created: 0, rows_created: ROWS, comments_created: 1, errors_total: 0 })
  t.equal((await ownTasks(eve)).length, ROWS)
})

t.test(
  'a comment whose id is of the future is not imported, since later ones follow it',
  async (t) => {
    const { ann } = await household()
    const greatest = 'ffffffff-ffff-7fff-bfff-ffffffffffff'
    const file = (await accountFile(ann)).replace(
      /("type":"task_comment","data":\{"id":")[^"]+/,
      `$1${greatest}`
    )
    const bob = await signUp()
    const done = await imported(bob, file, JSON_LINES)
    t.match(done, { rows_created: ROWS, comments_created: 0 })
    t.ok(done.warnings.some(({ code }) => code === 'records_not_valid'))
    const [below] = (await ownTasks(bob)).filter(({ title }) => title === 'Below')
    await comment(bob, below as Id, 'First')
    await comment(bob, below as Id, 'Second')
    t.strictSame(await bodiesOn(bob, below as Id), ['First', 'Second'])
  }
)

import { sql } from 'drizzle-orm'
import t from 'tap'
import type { TaskStatsHistory } from '../../../src/features/tasks/stats-history.schema.ts'
import { createProject, projectWith } from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const PATH = '/api/v1/task-stats/history'
const { db, signUp } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const DAY_MS = 86_400_000
const dayAgo = (days: number): string =>
  new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)
const history = async (who: Person, query = ''): Promise<TaskStatsHistory['days']> =>
  (await who.get(`${PATH}${query}`)).json().days
/** Only the days on which something happened. */
const busy = (days: TaskStatsHistory['days']) =>
  days.filter(({ created, completed }) => created + completed > 0)
/** Says when a task was created and finished; it was changed when it was finished, at the earliest. */
const date = (task: { id: string }, created: string, completed: string | null) =>
  db.execute(sql`
    UPDATE tasks
    SET created_at = ${created}::timestamptz, completed_at = ${completed}::timestamptz,
      updated_at = coalesce(${completed}::timestamptz, ${created}::timestamptz)
    WHERE id = ${task.id}`)

t.test('says how many tasks were created and finished on each of the last days', async (t) => {
  const ann = await signUp()
  const [old, recent] = [
    await ann.create({ title: 'Task', status: 'done' }),
    await ann.create({ title: 'Task', status: 'done' })
  ]
  await ann.create({ title: 'Task' })
  await date(old, `${dayAgo(40)}T12:00:00Z`, `${dayAgo(2)}T23:59:59.999Z`)
  await date(recent, `${dayAgo(29)}T00:00:00Z`, `${dayAgo(2)}T00:00:00Z`)
  const days = await history(ann)
  t.equal(days.length, 30)
  t.strictSame([days[0]?.day, days.at(-1)?.day], [dayAgo(29), dayAgo(0)])
  t.strictSame(busy(days), [
    { day: dayAgo(29), created: 1, completed: 0 },
    { day: dayAgo(2), created: 0, completed: 2 },
    { day: dayAgo(0), created: 1, completed: 0 }
  ])
  t.strictSame(busy(await history(ann, '?days=2')), [{ day: dayAgo(0), created: 1, completed: 0 }])
  t.equal((await history(ann, '?days=366')).length, 366)
})

t.test('begins a day where the caller is, also where clocks change', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Task', status: 'done' })
  await date(task, `${dayAgo(5)}T12:00:00Z`, `${dayAgo(3)}T20:30:00Z`)
  const [, completed] = busy(await history(ann, '?time_zone=Asia/Tokyo'))
  t.match(completed, { day: dayAgo(2), completed: 1 })
  const [, inLima] = busy(await history(ann, '?time_zone=America/Lima'))
  t.match(inLima, { day: dayAgo(3), completed: 1 })
  const year = await history(ann, '?days=366&time_zone=Europe/Berlin')
  t.equal(new Set(year.map(({ day }) => day)).size, 366, 'no day is missing or comes twice')
})

t.test('counts no longer what is opened again or deleted', async (t) => {
  const ann = await signUp()
  const [first, second] = [await ann.create({ title: 'Task' }), await ann.create({ title: 'Task' })]
  for (const task of [first, second]) {
    await ann.patch(task, { status: 'done' })
  }
  t.match(busy(await history(ann)), [{ created: 2, completed: 2 }])
  await ann.patch(first, { status: 'todo' })
  await ann.remove(second)
  t.strictSame(busy(await history(ann)), [{ day: dayAgo(0), created: 1, completed: 0 }])
})

t.test('counts the tasks that a list with the same filters has, and nobody else’s', async (t) => {
  const [ann, bob, mia] = [await signUp(), await signUp(), await signUp('manager')]
  const project = await projectWith(ann, { viewer: bob })
  await ann.create({ title: 'Task', status: 'done' })
  await ann.create({ title: 'Task', status: 'done', priority: 'high', project_id: project.id })
  const completed = async (who: Person, query: string) =>
    busy(await history(who, query)).at(-1)?.completed ?? 0
  t.equal(await completed(ann, ''), 2)
  t.equal(await completed(ann, '?priority=high'), 1)
  t.equal(await completed(ann, '?personal=true'), 1)
  t.equal(await completed(bob, ''), 1)
  t.equal(await completed(bob, `?project_id=${project.id}`), 1)
  t.equal(await completed(mia, ''), 0)
  t.equal(await completed(mia, `?owner_id=${ann.user.id}`), 2)
  t.ok((await completed(mia, '?scope=all')) >= 2)
})

t.test('refuses others’ tasks, unknown zones and too many days', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  t.equal((await ann.get(`${PATH}?scope=all`)).statusCode, 403)
  t.equal((await ann.get(`${PATH}?owner_id=${bob.user.id}`)).statusCode, 403)
  const project = await createProject(bob)
  t.equal((await ann.get(`${PATH}?project_id=${project.id}`)).statusCode, 404)
  for (const query of ['days=0', 'days=367', 'days=x', 'time_zone=Europe/Berln', 'unit=week']) {
    t.equal((await ann.get(`${PATH}?${query}`)).statusCode, 400, query)
  }
})

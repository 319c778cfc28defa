import { sql } from 'drizzle-orm'
import t from 'tap'
import { executeRows } from '../../../src/db/rows.ts'
import { taskPosition, tasks } from '../../../src/db/tables/tasks.ts'
import { isPosition } from '../../../src/lib/position.ts'
import { createInOrder, move, titlesInOrder } from '../../support/order.ts'
import {
  createProject,
  deleteProject,
  patchProject,
  projectUrl,
  projectWith
} from '../../support/projects.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const ROUNDS = 5

/** Whatever happened at the same time, these hold of what is stored. */
async function broken(): Promise<string[]> {
  const stored = await db
    .select({
      list: sql<string>`coalesce(${tasks.project_id}, ${tasks.owner_id})`,
      position: sql<string>`${taskPosition(tasks)}`
    })
    .from(tasks)
    .where(sql`${tasks.deleted_at} IS NULL`)
  const places = stored.map(({ list, position }) => `${list} ${position}`)
  const faults = await executeRows<{ what: string }>(
    db,
    sql`
      SELECT 'an event is missing, or belongs to another owner' AS what
      FROM tasks t
      WHERE t.version <> (
        SELECT count(*) FROM task_events e WHERE e.owner_id = t.owner_id AND e.task_id = t.id
      )
      UNION ALL
      SELECT 'a task of a project has another owner'
      FROM tasks t JOIN projects p ON p.id = t.project_id WHERE p.owner_id <> t.owner_id
      UNION ALL
      SELECT 'a position is not where the last event has put it'
      FROM tasks t
      JOIN LATERAL (
        SELECT e.changes FROM task_events e
        WHERE e.owner_id = t.owner_id AND e.task_id = t.id
          AND (e.changes ? 'position' OR e.changes ? 'project_id')
        ORDER BY e.version DESC LIMIT 1
      ) last ON last.changes ? 'position'
      WHERE t.position IS DISTINCT FROM last.changes->'position'->>'new'`
  )
  return [
    ...faults.map(({ what }) => what),
    ...(new Set(places).size < places.length ? ['two tasks of a list have one position'] : []),
    ...stored.flatMap(({ position }) => (isPosition(position) ? [] : [`invalid: ${position}`]))
  ]
}

const some = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `task ${i}`)

t.test('two people drop at the same place, and both succeed', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  for (let round = 0; round < ROUNDS; round++) {
    const project = await projectWith(ann, { editor: bob })
    const [a, b, c, d] = await createInOrder(ann, ['a', 'b', 'c', 'd'], { project_id: project.id })
    const answers = await Promise.all([
      move(ann, c, { after_id: a.id }),
      move(bob, d, { before_id: b.id })
    ])
    t.same(countStatuses(answers), { 200: 2 })
    t.match((await titlesInOrder(ann, project)).join(''), /^a(cd|dc)b$/)
    t.strictSame(await broken(), [])
  }
})

t.test('thirty people reorder a board at the same time', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const people: Person[] = []
  for (const _ of numbered(30)) {
    const who = await signUp()
    people.push(who)
    await ann.send({
      method: 'PUT',
      url: projectUrl(project, `/members/${who.user.id}`),
      payload: { role: 'editor' }
    })
  }
  const cards = await createInOrder(ann, numbered(10), { project_id: project.id })
  const drop = (who: Person, i: number) => {
    const [card, other] = [some(cards), some(cards)]
    const neighbour = card === other || i % 5 === 0 ? null : other.id
    return move(who, card, i % 2 === 0 ? { after_id: neighbour } : { before_id: neighbour })
  }
  for (let round = 0; round < ROUNDS; round++) {
    t.same(countStatuses(await Promise.all(people.map(drop))), { 200: 30 })
    t.strictSame(await broken(), [])
  }
  t.same((await titlesInOrder(ann, project)).toSorted(), numbered(10))
})

t.test('a task is moved while it and its neighbours are changed or go away', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  for (let round = 0; round < ROUNDS; round++) {
    const [project, other] = [await projectWith(ann, { editor: bob }), await createProject(ann)]
    const inProject = { project_id: project.id }
    const [a, b, c, d] = await createInOrder(ann, ['a', 'b', 'c', 'd'], inProject)
    const moves = [
      move(bob, d, { after_id: a.id, status: 'done' }),
      move(ann, d, { before_id: b.id }),
      move(bob, c, { after_id: b.id })
    ]
    const others = [
      ann.patch(d, { title: 'D' }),
      ann.patch(b, { project_id: other.id }),
      ann.remove(a),
      ann.post('/api/v1/tasks', { title: 'e', ...inProject })
    ]
    const answers = await Promise.all([...moves, ...others])
    for (const response of answers.slice(0, moves.length)) {
      t.ok([200, 400].includes(response.statusCode), response.body)
    }
    t.same(countStatuses(answers.slice(moves.length)), { 200: 2, 201: 1, 204: 1 })
    t.strictSame(await broken(), [])
    t.equal((await ann.read(d)).json().title, 'D')
  }
})

t.test('tasks are moved while they change lists', async (t) => {
  const ann = await signUp()
  for (let round = 0; round < ROUNDS; round++) {
    const [one, other] = [await createProject(ann), await createProject(ann)]
    const cards = await createInOrder(ann, numbered(4), { project_id: one.id })
    const there = await createInOrder(ann, ['x', 'y'], { project_id: other.id })
    const answers = await Promise.all(
      cards.flatMap((card, i) => [
        move(ann, card, { project_id: other.id, after_id: there[0].id }),
        move(ann, card, { after_id: null }),
        ann.patch(card, { project_id: i % 2 === 0 ? other.id : null }),
        move(ann, card, { project_id: one.id, before_id: null })
      ])
    )
    t.same(countStatuses(answers), { 200: 16 })
    t.strictSame(await broken(), [])
  }
})

t.test('tasks are moved while their project is archived, transferred or deleted', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const endings: ((project: { id: string }) => Promise<unknown>)[] = [
    (project) => patchProject(ann, project, { archived: true }),
    (project) => ann.post(projectUrl(project, '/transfer'), { user_id: bob.user.id }),
    (project) => deleteProject(ann, project)
  ]
  for (const end of endings) {
    for (let round = 0; round < ROUNDS; round++) {
      const project = await projectWith(ann, { editor: bob })
      const inProject = { project_id: project.id }
      const cards = await createInOrder(ann, ['a', 'b', 'c', 'd'], inProject)
      const own = await bob.create({ title: 'own' })
      const [, ...answers] = await Promise.all([
        end(project),
        ...cards.map((card) => move(bob, card, { after_id: null })),
        move(bob, own, { ...inProject, before_id: null })
      ])
      for (const response of answers) {
        t.ok([200, 400, 404, 409].includes(response.statusCode), response.body)
      }
      t.strictSame(await broken(), [])
    }
  }
})

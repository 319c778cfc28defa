import { sql } from 'drizzle-orm'
import t from 'tap'
import { createInOrder, move, moved, storedOrder, titlesInOrder } from '../../support/order.ts'
import { titlesIn } from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, events, db } = await createTestApp(t)

/** Puts tasks where moves do not put them. */
async function place(tasks: { id: string }[], positions: string[]): Promise<void> {
  for (const [i, { id }] of tasks.entries()) {
    await db.execute(sql`UPDATE tasks SET position = ${positions[i]} WHERE id = ${id}`)
  }
}

/** Creates many tasks at once. */
async function createMany(who: Person, count: number): Promise<{ id: string; title: string }[]> {
  const tasks = []
  for (let i = 0; i < count; i += 100) {
    const operations = Array.from({ length: Math.min(100, count - i) }, (_, n) => ({
      op: 'create',
      data: { title: String(i + n) }
    }))
    const { results } = (await who.post('/api/v1/task-batches', { operations })).json()
    tasks.push(...results.map(({ task }: { task: { id: string; title: string } }) => task))
  }
  return tasks
}

const beginning = (length: number) => `l${'0'.repeat(12)}`.padEnd(length, 'f')
const LONG = beginning(123)
const digits = (n: number) => n.toString(16).padStart(4, '0')

t.test('tasks move apart where a position would become too long', async (t) => {
  const ann = await signUp()
  const [a, b, c, d] = await createInOrder(ann, ['a', 'b', 'c', 'd'])
  await place([a, b, c], [`${LONG}1`, `${LONG}11`, `${LONG}12`])
  const after = await moved(ann, d, { after_id: b.id })
  t.same(await titlesInOrder(ann, 'personal'), ['a', 'b', 'd', 'c'])
  t.equal(after.version, 2)
  for (const task of [a, b, c]) {
    const now = (await ann.read(task)).json()
    t.equal(now.version, 2, 'each has a new version')
    t.ok(now.position.length < 20, now.position)
    t.same(await events.of(task), ['task.created', 'task.moved'])
    const [event] = (await ann.get(`/api/v1/tasks/${task.id}/events`)).json().data
    t.match(event, {
      actor_id: ann.user.id,
      version: 2,
      changes: [{ field: 'position', after: now.position }]
    })
  }
})

t.test('tasks with the same position move apart when one goes between them', async (t) => {
  const ann = await signUp()
  const [a, b, c] = await createInOrder(ann, ['a', 'b', 'c'])
  await place([a, b], ['a1', 'a1'])
  await moved(ann, c, { after_id: a.id })
  t.same(await titlesInOrder(ann, 'personal'), ['a', 'c', 'b'])
  const positions = (await storedOrder(db, ann.user.id)).map(({ position }) => position)
  t.equal(new Set(positions).size, 3)
})

t.test('at most a hundred neighbours move, whatever the list', async (t) => {
  const ann = await signUp()
  const cards = await createMany(ann, 300)
  await place(
    cards,
    cards.map((_, i) => `${beginning(112)}${digits(i)}8`)
  )
  const [first, middle] = [cards[0], cards[150]] as [(typeof cards)[0], (typeof cards)[0]]
  await moved(ann, first, { after_id: middle.id })
  const order = await titlesInOrderOfAll(ann)
  const expected = cards.slice(1).map(({ title }) => title)
  expected.splice(150, 0, '0')
  t.same(order, expected)
  const stored = await storedOrder(db, ann.user.id)
  const changed = stored.filter(({ version }) => version > 1)
  t.ok(changed.length > 50 && changed.length <= 101, `${changed.length} tasks changed`)
  t.ok(stored.every(({ version, events }) => version === events))
  t.ok(stored.every(({ position }) => position !== null && position.length <= 200))
})

async function titlesInOrderOfAll(who: Person): Promise<string[]> {
  const titles: string[] = []
  const url = '/api/v1/tasks?limit=100&sort=position_asc&personal=true'
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = await who.get(cursor ? `${url}&cursor=${cursor}` : url)
    titles.push(...titlesIn(page))
    cursor = page.json().pagination.next_cursor
  }
  return titles
}

t.test('neighbours stay where they are if moving apart would not help', async (t) => {
  const ann = await signUp()
  const cards = await createMany(ann, 120)
  await place(
    cards,
    cards.map((_, i) => `${LONG}${digits(i)}8`)
  )
  const [first, middle] = [cards[0], cards[60]] as [(typeof cards)[0], (typeof cards)[0]]
  await moved(ann, first, { after_id: middle.id })
  const stored = await storedOrder(db, ann.user.id)
  t.equal(stored.filter(({ version }) => version > 1).length, 1)
  t.ok(stored.every(({ position }) => position !== null && position.length <= 200))
})

t.test('hundreds of drops at one place keep positions short, and the order right', async (t) => {
  const ann = await signUp()
  const [a, b, c] = await createInOrder(ann, ['a', 'b', 'c'])
  const pair = [b, c]
  await place([a], [beginning(100)])
  for (let i = 0; i < 300; i++) {
    const { position } = await moved(ann, pair[i % 2] as { id: string }, { after_id: a.id })
    if (position.length > 130) {
      t.fail(`after ${i} moves: ${position}`)
      return
    }
  }
  t.same(await titlesInOrder(ann, 'personal'), ['a', 'c', 'b'])
})

t.test('where there is no room at all, a move is refused', async (t) => {
  const ann = await signUp()
  const cards = await createMany(ann, 202)
  // Every position of two more digits that there is.
  const tight = beginning(198)
  const all = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))
    .map((digits) => tight + digits.replace(/0$/, ''))
    .slice(1)
  await place(cards, all)
  const [first, middle] = [cards[0], cards[100]] as [(typeof cards)[0], (typeof cards)[0]]
  t.match((await move(ann, first, { after_id: middle.id })).json(), {
    status: 400,
    errors: [{ pointer: '/after_id', code: 'no_room' }]
  })
  t.ok((await storedOrder(db, ann.user.id)).every(({ version }) => version === 1))
  t.equal((await move(ann, first, { before_id: null })).statusCode, 200)
})

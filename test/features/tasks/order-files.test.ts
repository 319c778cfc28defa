import t from 'tap'
import { isPosition } from '../../../src/lib/position.ts'
import { errorsOf, imported, worker } from '../../support/imports.ts'
import { createInOrder, inOrder, moved, titlesInOrder } from '../../support/order.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, db, config } = await createTestApp(t)
worker(t, { db, config })

t.test('the tasks of a file are in its order, behind those that are there', async (t) => {
  const ann = await signUp()
  await ann.create({ title: 'first' })
  const titles = Array.from({ length: 60 }, (_, i) => `row ${i}`)
  const rows = titles.map((title, i) => `${title},2026-01-${String(31 - (i % 30))}T09:00:00Z`)
  await imported(ann, `title,created_at\n${rows.join('\n')}\n`)
  t.same(await titlesInOrder(ann, 'personal'), ['first', ...titles])
  const { data } = (await ann.get(inOrder('personal'))).json()
  const positions = data.map(({ position }: { position: string }) => position)
  t.equal(new Set(positions).size, 61)
  t.ok(positions.every(isPosition))
})

t.test('an export that is imported elsewhere has the order in which it was', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const [a, b] = await createInOrder(ann, ['a', 'b', 'c', 'd'])
  await moved(ann, a, { before_id: null })
  await moved(ann, b, { before_id: a.id })
  const order = await titlesInOrder(ann, 'personal')
  t.same(order, ['c', 'd', 'b', 'a'])
  const csv = (await ann.get('/api/v1/task-exports/csv')).body
  const done = await imported(bob, csv)
  t.match(done, { rows_created: 4, rows_rejected: 0 })
  t.notOk(done.ignored_columns.includes('position'))
  t.same(await titlesInOrder(bob, 'personal'), order)
  const lines = (await ann.get('/api/v1/me/export')).body
  t.match(await imported(eve, lines, { name: 'me.jsonl' }), { rows_created: 4 })
  t.same(await titlesInOrder(eve, 'personal'), order)
})

t.test('a position that is none rejects its row; a column of others is ignored', async (t) => {
  const ann = await signUp()
  await ann.create({ title: 'a' })
  const csv: string = (await ann.get('/api/v1/task-exports/csv')).body
  const position = (await ann.get(inOrder('personal'))).json().data[0].position
  const bob = await signUp()
  const broken = await imported(bob, csv.replace(position, `${position}0`))
  t.match(await errorsOf(bob, broken), [{ row: 1, column: 'position', code: 'malformed' }])
  const other = await imported(bob, 'title,position\nx,2\ny,1\n')
  t.match(other, { rows_created: 2, ignored_columns: ['position'] })
  t.same(await titlesInOrder(bob, 'personal'), ['x', 'y'])
})

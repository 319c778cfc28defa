import { type SQL, sql } from 'drizzle-orm'
import t from 'tap'
import type { Db } from '../../../src/db/client.ts'
import { executeRows } from '../../../src/db/rows.ts'
import { listTrees } from '../../../src/features/tasks/subtasks.queries.ts'
import { listOldestTrees } from '../../../src/features/tasks/trash.queries.ts'
import { createTestApp } from '../../support/test-app.ts'

const { db, signUp } = await createTestApp(t)

const TOPS = 200
const SUBTASKS = 4000
/** A look-up takes two or three blocks; a join that reads the whole index of subtasks takes thousands. */
const MAX_BLOCKS_EACH = 30

/** Returns how many blocks a function's statement reads. */
async function blocksOf(run: (db: Db) => Promise<unknown>): Promise<number> {
  let blocks = 0
  const explain = async (statement: SQL) => {
    const [row] = await executeRows<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
      db,
      sql`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`
    )
    const { Plan } = (row as NonNullable<typeof row>)['QUERY PLAN'][0]
    blocks += Number(Plan['Shared Hit Blocks']) + Number(Plan['Shared Read Blocks'])
    return []
  }
  await run({ execute: explain } as unknown as Db)
  return blocks
}

t.test('trees are read task by task, also while statistics know of no subtasks', async (t) => {
  const ann = await signUp()
  const owner = sql`${ann.user.id}::uuid`
  const insert = (from: number, to: number) =>
    db.execute(sql`
      INSERT INTO tasks (owner_id, id, title, status, priority, tags, created_at)
      SELECT ${owner}, gen_random_uuid(), 'Task ' || n, 'todo', 'medium', '{}', now() - n * interval '1 s'
      FROM generate_series(${from}::int, ${to}::int) n`)
  await insert(1, TOPS)
  await db.execute(sql`ANALYZE tasks`)
  await insert(TOPS + 1, TOPS + SUBTASKS)
  await db.execute(sql`
    UPDATE tasks t
    SET parent_id = p.id
    FROM tasks p
    WHERE t.owner_id = ${owner} AND p.owner_id = ${owner}
      AND substr(t.title, 6)::int > ${TOPS}::int
      AND p.title = 'Task ' || 1 + substr(t.title, 6)::int % ${TOPS / 2}::int`)
  const tops = await executeRows<{ owner_id: string; id: string }>(
    db,
    sql`
      SELECT owner_id, id FROM tasks
      WHERE owner_id = ${owner} AND parent_id IS NULL
        AND substr(title, 6)::int > ${TOPS / 2}::int`
  )
  t.equal(tops.length, TOPS / 2)
  const trees = await blocksOf((db) => listTrees(db, tops))
  t.ok(trees > 0 && trees < tops.length * MAX_BLOCKS_EACH, `${trees} blocks`)
  const limits = { roots: TOPS, rows: 1000 }
  const until = new Date().toISOString()
  const oldest = await blocksOf((db) => listOldestTrees(db, ann.user.id, until, limits))
  t.ok(oldest > 0 && oldest < TOPS * MAX_BLOCKS_EACH * 2, `${oldest} blocks`)
})

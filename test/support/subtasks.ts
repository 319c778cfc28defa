import { sql } from 'drizzle-orm'
import type { Db } from '../../src/db/client.ts'
import { executeRows } from '../../src/db/rows.ts'
import type { Task } from '../../src/features/tasks/schema.ts'
import type { Person } from './test-app.ts'

/** Creates subtasks of a task, one after the other. */
export async function createBelow(
  who: Person,
  parent: { id: string },
  titles: string[]
): Promise<Task[]> {
  const tasks: Task[] = []
  for (const title of titles) {
    tasks.push(await who.create({ title, parent_id: parent.id }))
  }
  return tasks
}

/** Writes as many subtasks of a task as are too many to create one by one. */
export const insertBelow = (db: Db, { owner_id, id }: Task, count: number) =>
  db.execute(sql`
    INSERT INTO tasks (owner_id, id, parent_id, project_id, title, status, priority, tags)
    SELECT owner_id, gen_random_uuid(), id, project_id, 'Below ' || n, 'todo', 'medium', '{}'
    FROM tasks, generate_series(1, ${count}::int) n
    WHERE owner_id = ${owner_id} AND id = ${id}`)

/** Puts three of ten tasks of an owner below another one of the ten. */
export const insertParents = (ownerId: string) => sql`
  WITH numbered AS (
    SELECT id, project_id, row_number() OVER (PARTITION BY project_id ORDER BY id) - 1 AS n
    FROM tasks
    WHERE owner_id = ${ownerId}
  )
  UPDATE tasks t
  SET parent_id = p.id
  FROM numbered c
  JOIN numbered p ON p.n = c.n - c.n % 10 AND p.project_id IS NOT DISTINCT FROM c.project_id
  WHERE t.owner_id = ${ownerId} AND t.id = c.id AND c.n % 10 BETWEEN 1 AND 3`

/** Returns a task of an owner that has subtasks: in a project, or a personal one. */
export async function findParent(db: Db, ownerId: string, isShared: boolean): Promise<string> {
  const [row] = await executeRows<{ parent_id: string }>(
    db,
    sql`
      SELECT parent_id FROM tasks
      WHERE owner_id = ${ownerId} AND parent_id IS NOT NULL AND (project_id IS NOT NULL) = ${isShared}
      LIMIT 1`
  )
  return row?.parent_id ?? ''
}

/** Every way in which stored tasks break the rules of subtasks. */
export async function treeViolations(db: Db): Promise<{ rule: string; id: string }[]> {
  const found = await executeRows<{ rule: string; id: string }>(
    db,
    sql`
      WITH live AS (SELECT * FROM tasks WHERE deleted_at IS NULL),
      above AS (
        SELECT t.id, p.id AS p1, p.parent_id AS p2, g.parent_id AS p3, t.parent_id,
          p.owner_id = t.owner_id AND p.project_id IS NOT DISTINCT FROM t.project_id AS is_same_list
        FROM live t
        LEFT JOIN live p ON p.id = t.parent_id
        LEFT JOIN live g ON g.id = p.parent_id
        WHERE t.parent_id IS NOT NULL
      )
      SELECT 'has a parent that is not live' AS rule, id::text FROM above WHERE p1 IS NULL
      UNION ALL
      SELECT 'is in another list than its parent', id::text FROM above WHERE NOT is_same_list
      UNION ALL
      SELECT 'is on the fourth level, or in a cycle', id::text FROM above WHERE p3 IS NOT NULL
      UNION ALL
      SELECT 'has more than 200 subtasks', parent_id::text FROM live GROUP BY parent_id
      HAVING count(*) > 200 AND parent_id IS NOT NULL
      UNION ALL
      SELECT 'has another number of events than its version', t.id::text
      FROM tasks t
      WHERE t.version > 1 AND t.version <> (
        SELECT max(version) FROM task_events e WHERE e.owner_id = t.owner_id AND e.task_id = t.id
      )`
  )
  return [...found]
}

/** The codes of a refusal, by where they point to. */
export const faultsOf = (response: { statusCode: number; json: () => { errors?: object[] } }) => ({
  status: response.statusCode,
  errors: (response.json().errors ?? []).map((fault) => {
    const { pointer, code } = fault as { pointer: string; code: string }
    return `${pointer} ${code}`
  })
})

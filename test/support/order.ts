import { sql } from 'drizzle-orm'
import type { Db } from '../../src/db/client.ts'
import { executeRows } from '../../src/db/rows.ts'
import type { Task } from '../../src/features/tasks/schema.ts'
import type { Person } from './test-app.ts'

/** Asks to move a task. */
export const move = (
  who: Person,
  task: { id: string },
  payload: object,
  headers: Record<string, string> = {}
) => who.send({ method: 'POST', url: `/api/v1/tasks/${task.id}/move`, payload, headers })

/** Moves a task, which must succeed. */
export async function moved(who: Person, task: { id: string }, payload: object): Promise<Task> {
  const response = await move(who, task, payload)
  if (response.statusCode !== 200) {
    throw new Error(`could not move: ${response.body}`)
  }
  return response.json()
}

/** The query of a list in its manual order. */
export const inOrder = (list: { id: string } | 'personal', direction = 'asc') =>
  `/api/v1/tasks?limit=100&sort=position_${direction}&${
    list === 'personal' ? 'personal=true' : `project_id=${list.id}`
  }`

export const titlesInOrder = async (
  who: Person,
  list: { id: string } | 'personal'
): Promise<string[]> =>
  (await who.get(inOrder(list))).json().data.map(({ title }: { title: string }) => title)

/** Creates tasks one after the other. */
export async function createInOrder<const Titles extends readonly string[]>(
  who: Person,
  titles: Titles,
  more: object = {}
): Promise<{ [I in keyof Titles]: Task }> {
  const tasks = []
  for (const title of titles) {
    tasks.push(await who.create({ title, ...more }))
  }
  return tasks as { [I in keyof Titles]: Task }
}

/** What the database has of the tasks of a list, in its order. */
export const storedOrder = (db: Db, listId: string) =>
  executeRows<{ id: string; position: string | null; version: number; events: number }>(
    db,
    sql`
      SELECT t.id, t.position, t.version,
        (SELECT count(*)::int FROM task_events e WHERE e.owner_id = t.owner_id AND e.task_id = t.id) AS events
      FROM tasks t
      WHERE coalesce(t.project_id, t.owner_id) = ${listId} AND t.deleted_at IS NULL
      ORDER BY t.position COLLATE "C", t.id`
  )

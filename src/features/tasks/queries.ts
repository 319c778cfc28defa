import { and, eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { taskEvents } from '../../db/tables/task-events.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { users } from '../../db/tables/users.ts'
import type { Task } from './schema.ts'

export const columns = {
  id: tasks.id, owner_id: tasks.owner_id, assignee_id: tasks.assignee_id, title: tasks.title, description: tasks.description, status: tasks.status, priority: tasks.priority,
  due_date: tasks.due_date, tags: tasks.tags, completed: sql<boolean>`${tasks.status} = 'done'`, completed_at: tasks.completed_at, version: tasks.version,
  created_at: tasks.created_at, updated_at: tasks.updated_at, deleted_at: tasks.deleted_at
}
const isTask = (owner_id: string, id: string) => and(eq(tasks.owner_id, owner_id), eq(tasks.id, id))

/** Reads one live task of its owner; the hottest point read, hence prepared once. */
export function prepareFindTask (db: Db) {
  const query = db.select(columns).from(tasks)
    .where(and(eq(tasks.owner_id, sql.placeholder('owner_id')), eq(tasks.id, sql.placeholder('id')), isNull(tasks.deleted_at)))
    .prepare('find_task')
  return async (owner_id: string, id: string): Promise<Task | undefined> => (await query.execute({ owner_id, id }))[0]
}

/** The task, deleted or not, locked until the transaction ends. */
export async function lockTask (tx: Db, owner_id: string, id: string): Promise<Task | undefined> {
  const [row] = await tx.select(columns).from(tasks).where(isTask(owner_id, id)).for('update')
  return row
}

export type NewTask = Omit<typeof tasks.$inferInsert, 'completed_at'> & { completed_at: SQL | null }

export async function insertTask (tx: Db, task: NewTask): Promise<Task> {
  const [row] = await tx.insert(tasks).values(task).returning(columns)
  return row as Task
}

export type TaskChange = Partial<Omit<typeof tasks.$inferInsert, 'completed_at' | 'deleted_at'>> & { completed_at?: SQL | null, deleted_at?: SQL | null }

/** Changes a task that is locked; every change is a new version. */
export async function changeTask (tx: Db, owner_id: string, id: string, change: TaskChange): Promise<Task> {
  const [row] = await tx.update(tasks).set({ ...change, version: sql`${tasks.version} + 1`, updated_at: sql`now()` }).where(isTask(owner_id, id)).returning(columns)
  return row as Task
}

/**
 * Keeps a caller-made id to one transaction and tells whether anybody's task has it already. The index on ids is not
 * unique (unique indexes start with the owner), so the lock is what decides between two owners at the same moment.
 */
export async function isIdTaken (tx: Db, id: string): Promise<boolean> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${id}, 0))`)
  const found = await tx.select({ id: tasks.id }).from(tasks).where(eq(tasks.id, id)).limit(1)
  return found.length > 0
}

export async function isEnabledUser (tx: Db, id: string): Promise<boolean> {
  const found = await tx.select({ id: users.id }).from(users).where(and(eq(users.id, id), eq(users.disabled, false)))
  return found.length > 0
}

/** What changed after a version, oldest first. */
export async function listChangesSince (tx: Db, owner_id: string, task_id: string, version: number) {
  return tx.select({ changes: taskEvents.changes }).from(taskEvents)
    .where(and(eq(taskEvents.owner_id, owner_id), eq(taskEvents.task_id, task_id), sql`${taskEvents.version} > ${version}`))
    .orderBy(taskEvents.version)
}

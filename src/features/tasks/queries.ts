import { and, desc, eq, inArray, isNull, lt, ne, type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { v7 as uuidv7 } from 'uuid'
import type { Caller, Origin } from '../../core/context.ts'
import { type TaskEventType, taskEventsCte } from '../../core/events.ts'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { executeRows } from '../../db/rows.ts'
import { type Changes, taskEvents } from '../../db/tables/task-events.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { users } from '../../db/tables/users.ts'
import { isManager, othersTask } from './access.ts'
import type { Task } from './schema.ts'

export const columns = {
  id: tasks.id,
  owner_id: tasks.owner_id,
  assignee_id: tasks.assignee_id,
  title: tasks.title,
  description: tasks.description,
  status: tasks.status,
  priority: tasks.priority,
  due_date: tasks.due_date,
  tags: tasks.tags,
  completed: sql<boolean>`${tasks.status} = 'done'`.as('completed'),
  completed_at: tasks.completed_at,
  version: tasks.version,
  created_at: tasks.created_at,
  updated_at: tasks.updated_at,
  deleted_at: tasks.deleted_at
}

/** Reads one live task: one's own by its key, the hottest point read; anybody else's only on a miss. Prepared once. */
export function prepareFindTask(db: Db) {
  const own = prepared(
    db
      .select(columns)
      .from(tasks)
      .where(
        and(
          eq(tasks.owner_id, sql.placeholder('caller_id')),
          eq(tasks.id, sql.placeholder('id')),
          isNull(tasks.deleted_at)
        )
      ),
    'find_own_task'
  )
  const other = prepared(
    db
      .select(columns)
      .from(tasks)
      .where(and(othersTask, isNull(tasks.deleted_at))),
    'find_other_task'
  )
  return async (caller: Caller, id: string): Promise<Task | undefined> => {
    const values = { caller_id: caller.id, id, is_manager: isManager(caller) }
    return (await own.execute(values))[0] ?? (await other.execute(values))[0]
  }
}
export type FindTask = ReturnType<typeof prepareFindTask>

/** The tasks of these ids that the caller may see, deleted or not, locked in the order of their ids until the transaction ends. */
export async function lockTasks(tx: Db, caller: Caller, ids: string[]): Promise<Task[]> {
  const own = await tx
    .select(columns)
    .from(tasks)
    .where(and(eq(tasks.owner_id, caller.id), inArray(tasks.id, ids)))
    .orderBy(tasks.id)
    .for('update')
  const missing = ids.filter((id) => !own.some((task) => task.id === id))
  if (missing.length === 0) {
    return own
  }
  const visible = isManager(caller)
    ? undefined
    : and(eq(tasks.assignee_id, caller.id), isNull(tasks.deleted_at))
  const others = await tx
    .select(columns)
    .from(tasks)
    .where(and(inArray(tasks.id, missing), visible))
    .orderBy(tasks.id)
    .for('update')
  return [...own, ...others]
}

const originPlaces = {
  owner_id: sql.placeholder('owner_id'),
  actor_id: sql.placeholder('actor_id'),
  request_id: sql.placeholder('request_id')
}

/** What `prepareMakeTask` writes. */
export type TaskDraft = Required<
  Pick<
    Task,
    | 'owner_id'
    | 'id'
    | 'assignee_id'
    | 'title'
    | 'description'
    | 'status'
    | 'priority'
    | 'due_date'
    | 'tags'
  >
>

/** Makes a task and its first history row in one statement, the hottest write. Prepared once. */
export function prepareMakeTask(db: Db) {
  const { placeholder: value } = sql
  const made = db.$with('made').as(
    db
      .insert(tasks)
      .values({
        owner_id: value('owner_id'),
        id: value('id'),
        assignee_id: value('assignee_id'),
        title: value('title'),
        description: value('description'),
        status: value('status'),
        priority: value('priority'),
        due_date: value('due_date'),
        tags: value('tags'),
        completed_at: sql`case when ${value('status')}::task_status = 'done' then now() end`
      })
      .returning(columns)
  )
  const fact = db
    .$with('fact', {})
    .as(
      taskEventsCte(
        'task.created',
        originPlaces,
        sql`select id, version, ${value('event_id')}::uuid as event_id, '{}'::jsonb as changes from made`
      )
    )
  const statement = prepared(db.with(made, fact).select().from(made), 'make_task')
  return async (draft: TaskDraft, origin: Origin): Promise<Task> =>
    (await statement.execute({ ...draft, ...origin, event_id: uuidv7() }))[0] as Task
}

export type NewTask = Omit<typeof tasks.$inferInsert, 'completed_at'> & { completed_at: SQL | null }

/** Gives the new rows in the order of what was handed in. */
export async function insertTasks(tx: Db, rows: NewTask[]): Promise<Task[]> {
  const inserted = await tx.insert(tasks).values(rows).returning(columns)
  const byId = new Map(inserted.map((task) => [task.id, task]))
  return rows.map(({ id }) => byId.get(id) as Task)
}

/** A task to be, as rows of a statement give it: a canonical task with its id and the id of its first event. */
export interface TaskRow
  extends Required<
    Pick<Task, 'id' | 'title' | 'description' | 'status' | 'priority' | 'due_date' | 'tags'>
  > {
  event_id: string
}

/** Makes a task, with its history, of each row of a statement that gives the columns of `TaskRow`. One statement; nothing passes through this process. */
export async function insertTaskRows(
  tx: Db,
  owner_id: string,
  origin: Origin,
  rows: SQL
): Promise<number> {
  const [made] = await executeRows<{ count: number }>(
    tx,
    sql`
    with given as materialized (${rows}), made as (
      insert into tasks (owner_id, id, title, description, status, priority, due_date, tags, completed_at)
      select ${owner_id}::uuid, id, title, description, status, priority, due_date, tags, case status when 'done' then now() end from given returning 1
    ), noted as (${taskEventsCte('task.created', { owner_id, ...origin }, sql`select id, 1 as version, event_id, '{}'::jsonb as changes from given`)})
    select count(*)::int as count from made`
  )
  return made?.count ?? 0
}

/** What a task becomes: every changeable column with its value after the change. */
export interface TaskChange
  extends Pick<
    Task,
    | 'owner_id'
    | 'id'
    | 'title'
    | 'description'
    | 'status'
    | 'priority'
    | 'due_date'
    | 'tags'
    | 'assignee_id'
  > {
  completion: 'keep' | 'now' | 'never'
  deletion: 'keep' | 'now' | 'never'
}

const moment = (choice: SQL, before: AnyPgColumn) =>
  sql`case ${choice} when 'now' then now() when 'never' then null else ${before} end`
const nextVersion = { version: sql`${tasks.version} + 1`, updated_at: sql`now()` }

/**
 * Changes one live task, if it is still in the version that the change was planned for, and writes the fact: one
 * statement, which is the lock and the transaction. Gives undefined when the task has moved on. Prepared once a type.
 */
export function prepareChangeTask(db: Db, type: TaskEventType) {
  const { placeholder: value } = sql
  const given = (column: AnyPgColumn) => sql`${sql.param(value(column.name), column)}`
  const changed = db.$with('changed').as(
    db
      .update(tasks)
      .set({
        title: given(tasks.title),
        description: given(tasks.description),
        status: given(tasks.status),
        priority: given(tasks.priority),
        due_date: given(tasks.due_date),
        tags: given(tasks.tags),
        completed_at: moment(sql`${value('completion')}::text`, tasks.completed_at),
        deleted_at: moment(sql`${value('deletion')}::text`, tasks.deleted_at),
        ...nextVersion
      })
      .where(
        and(
          eq(tasks.owner_id, value('owner_id')),
          eq(tasks.id, value('id')),
          eq(tasks.version, value('version')),
          isNull(tasks.deleted_at)
        )
      )
      .returning(columns)
  )
  const fact = db
    .$with('fact', {})
    .as(
      taskEventsCte(
        type,
        originPlaces,
        sql`select id, version, ${value('event_id')}::uuid as event_id, ${value('changes')}::jsonb as changes from changed`
      )
    )
  const statement = prepared(db.with(changed, fact).select().from(changed), `change_task ${type}`)
  return async (
    change: Omit<TaskChange, 'assignee_id'>,
    version: number,
    changes: Changes,
    origin: Origin
  ): Promise<Task | undefined> =>
    (
      await statement.execute({
        ...change,
        version,
        changes: JSON.stringify(changes),
        ...origin,
        event_id: uuidv7()
      })
    )[0] as Task | undefined
}

/** Changes tasks that are locked, all in one statement; every change is a new version. Gives the rows by id. */
export async function changeTasks(tx: Db, changes: TaskChange[]): Promise<Map<string, Task>> {
  const changed = await tx
    .update(tasks)
    .set({
      title: sql`v.title`,
      description: sql`v.description`,
      status: sql`v.status`,
      priority: sql`v.priority`,
      due_date: sql`v.due_date`,
      tags: sql`v.tags`,
      assignee_id: sql`v.assignee_id`,
      completed_at: moment(sql`v.completion`, tasks.completed_at),
      deleted_at: moment(sql`v.deletion`, tasks.deleted_at),
      ...nextVersion
    })
    .from(sql`jsonb_to_recordset(${JSON.stringify(changes)}::jsonb) as v(owner_id uuid, id uuid, title text, description text, status task_status, priority task_priority,
      due_date timestamptz, tags text[], assignee_id uuid, completion text, deletion text)`)
    .where(sql`${tasks.owner_id} = v.owner_id and ${tasks.id} = v.id`)
    .returning(columns)
  return new Map((changed as Task[]).map((task) => [task.id, task]))
}

/** Takes a user off other people's tasks, those in the trash included; every one is a new version. */
export async function unassign(
  tx: Db,
  user_id: string
): Promise<Pick<Task, 'owner_id' | 'id' | 'version'>[]> {
  return tx
    .update(tasks)
    .set({ assignee_id: null, ...nextVersion })
    .where(and(eq(tasks.assignee_id, user_id), ne(tasks.owner_id, user_id)))
    .returning({ owner_id: tasks.owner_id, id: tasks.id, version: tasks.version })
}

/**
 * Which of these caller-made ids are taken by anybody. Each is kept to one transaction first: the index on ids is not
 * unique (unique indexes start with the owner), so that lock is what decides between two owners at the same moment.
 */
export async function listTakenIds(tx: Db, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) {
    return new Set()
  }
  const sorted = [...ids].sort()
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(id, 0)) from unnest(${`{${sorted.join(',')}}`}::text[]) as id`
  )
  const found = await tx.select({ id: tasks.id }).from(tasks).where(inArray(tasks.id, sorted))
  return new Set(found.map(({ id }) => id))
}

/** Which of these are ids of users that can be given tasks. */
export async function listAssignable(tx: Db, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) {
    return new Set()
  }
  const found = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(inArray(users.id, ids), eq(users.disabled, false)))
    // An account that is being deleted is waited for: nothing may point to it afterwards.
    .for('key share')
  return new Set(found.map(({ id }) => id))
}

/** Locks the owner's row and counts their live tasks, no further than to the quota. Only with a quota: it lines up the writers of one owner. */
export async function countUnderLock(tx: Db, owner_id: string, quota: number): Promise<number> {
  await tx.execute(sql`select 1 from users where id = ${owner_id} for no key update`)
  const [row] = await executeRows<{ held: number }>(
    tx,
    sql`select count(*)::int as held from (select 1 from tasks where owner_id = ${owner_id} and deleted_at is null limit ${quota}) as counted`
  )
  return row?.held ?? 0
}

/** What changed after a version, oldest first. */
export async function listChangesSince(tx: Db, owner_id: string, task_id: string, version: number) {
  return tx
    .select({ changes: taskEvents.changes })
    .from(taskEvents)
    .where(
      and(
        eq(taskEvents.owner_id, owner_id),
        eq(taskEvents.task_id, task_id),
        sql`${taskEvents.version} > ${version}`
      )
    )
    .orderBy(taskEvents.version)
}

/** Whose task it is, when the caller may see it or, in the trash, might restore it. */
export async function findVisibleOwner(
  db: Db,
  caller: Caller,
  id: string
): Promise<string | undefined> {
  const isOwn = and(eq(tasks.owner_id, caller.id), eq(tasks.id, id))
  const isOthers = and(
    eq(tasks.id, id),
    isManager(caller) ? undefined : and(eq(tasks.assignee_id, caller.id), isNull(tasks.deleted_at))
  )
  const [own] = await db.select({ owner_id: tasks.owner_id }).from(tasks).where(isOwn)
  const [task] = own
    ? [own]
    : await db.select({ owner_id: tasks.owner_id }).from(tasks).where(isOthers)
  return task?.owner_id
}

/** A task's events, newest first, older than a version when one is given. */
export async function listTaskEvents(
  db: Db,
  owner_id: string,
  task_id: string,
  before: number | undefined,
  limit: number
) {
  const { id, type, version, actor_id, request_id, changes, created_at } = taskEvents
  return db
    .select({
      id,
      task_id: taskEvents.task_id,
      type,
      version,
      actor_id,
      request_id,
      changes,
      created_at
    })
    .from(taskEvents)
    .where(
      and(
        eq(taskEvents.owner_id, owner_id),
        eq(taskEvents.task_id, task_id),
        before === undefined ? undefined : lt(version, before)
      )
    )
    .orderBy(desc(version))
    .limit(limit)
}

import { and, asc, desc, eq, gt, inArray, or, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { projectMembers } from '../../db/tables/projects.ts'
import { taskComments } from '../../db/tables/task-comments.ts'
import { foldedUsername, users } from '../../db/tables/users.ts'
import type { TaskComment } from './schema.ts'

/** A task by its key. */
export interface TaskKey {
  owner_id: string
  id: string
}

const columns = {
  id: taskComments.id,
  task_id: taskComments.task_id,
  author_id: taskComments.author_id,
  body: taskComments.body,
  mentions: taskComments.mentions,
  edited_at: taskComments.edited_at,
  version: taskComments.version,
  created_at: taskComments.created_at
}
/** Transactions begin before they wait for the task, so that their time is not that of their turn. */
const clock = sql`statement_timestamp()`

const isOn = ({ owner_id, id }: TaskKey) =>
  and(eq(taskComments.owner_id, owner_id), eq(taskComments.task_id, id))

/** Selects the comments with these ids on some tasks. */
export const areOn = (tasks: TaskKey[], ids: string[]) =>
  and(
    inArray(
      taskComments.owner_id,
      tasks.map(({ owner_id }) => owner_id)
    ),
    inArray(
      taskComments.task_id,
      tasks.map(({ id }) => id)
    ),
    inArray(taskComments.id, ids)
  )

/** Lists comments on a task, oldest first, after one if its id is given. */
export const listComments = (
  db: Db,
  task: TaskKey,
  after: string | undefined,
  limit: number
): Promise<TaskComment[]> =>
  db
    .select(columns)
    .from(taskComments)
    .where(and(isOn(task), after === undefined ? undefined : gt(taskComments.id, after)))
    .orderBy(asc(taskComments.id))
    .limit(limit)

/** Lists the comments on all tasks of an owner, task by task, after one if it is given. */
export const listCommentsOfOwner = (
  db: Db,
  owner_id: string,
  limit: number,
  after?: Pick<TaskComment, 'task_id' | 'id'>
): Promise<TaskComment[]> =>
  db
    .select(columns)
    .from(taskComments)
    .where(
      and(
        eq(taskComments.owner_id, owner_id),
        after &&
          sql`(${taskComments.task_id}, ${taskComments.id}) > (${after.task_id}::uuid, ${after.id}::uuid)`
      )
    )
    .orderBy(asc(taskComments.task_id), asc(taskComments.id))
    .limit(limit)

/** Returns the comments with these ids on some tasks. */
export const listCommentsById = (
  db: Db,
  tasks: TaskKey[],
  ids: string[]
): Promise<TaskComment[]> =>
  tasks.length === 0
    ? Promise.resolve([])
    : db.select(columns).from(taskComments).where(areOn(tasks, ids))

export async function findComment(
  db: Db,
  task: TaskKey,
  id: string
): Promise<TaskComment | undefined> {
  const [row] = await db
    .select(columns)
    .from(taskComments)
    .where(and(isOn(task), eq(taskComments.id, id)))
  return row
}

/** Returns the id of the last comment on a task. */
export async function findLastId(tx: Db, task: TaskKey): Promise<string | undefined> {
  const [row] = await tx
    .select({ id: taskComments.id })
    .from(taskComments)
    .where(isOn(task))
    .orderBy(desc(taskComments.id))
    .limit(1)
  return row?.id
}

export async function insertComment(
  tx: Db,
  { owner_id, id: task_id }: TaskKey,
  comment: Pick<TaskComment, 'id' | 'author_id' | 'body' | 'mentions'>
): Promise<TaskComment> {
  const [row] = await tx
    .insert(taskComments)
    .values({ ...comment, owner_id, task_id, created_at: clock as never })
    .returning(columns)
  return row as TaskComment
}

/** Changes the text of a comment to a new version. */
export async function updateComment(
  tx: Db,
  task: TaskKey,
  id: string,
  change: Pick<TaskComment, 'body' | 'mentions'>
): Promise<TaskComment> {
  const [row] = await tx
    .update(taskComments)
    .set({ ...change, version: sql`${taskComments.version} + 1`, edited_at: clock })
    .where(and(isOn(task), eq(taskComments.id, id)))
    .returning(columns)
  return row as TaskComment
}

export async function deleteComment(tx: Db, task: TaskKey, id: string): Promise<void> {
  await tx.delete(taskComments).where(and(isOn(task), eq(taskComments.id, id)))
}

/**
 * Returns who of the users with these folded usernames can see a task, in one statement, and who of them does so as a
 * manager only.
 */
export function listViewers(
  db: Db,
  task: TaskKey & { project_id: string | null; assignee_id: string | null },
  names: string[]
): Promise<{ id: string; name: string; is_concerned: boolean }[]> {
  const { owner_id, project_id, assignee_id } = task
  const name = sql<string>`${foldedUsername(users.username)}`
  const isMember = sql`EXISTS (
    SELECT FROM ${projectMembers} m
    WHERE m.owner_id = ${owner_id} AND m.project_id = ${project_id} AND m.user_id = ${users.id}
  )`
  const isConcerned = or(
    eq(users.id, owner_id),
    assignee_id === null ? undefined : eq(users.id, assignee_id),
    project_id === null ? undefined : isMember
  )
  return db
    .select({
      id: users.id,
      name: name.as('name'),
      is_concerned: sql<boolean>`${isConcerned}`.as('is_concerned')
    })
    .from(users)
    .where(
      and(
        // Quoted, since a user may be called null.
        sql`${name} = ANY(${`{${names.map((it) => `"${it}"`).join()}}`}::text[])`,
        eq(users.disabled, false),
        or(isConcerned, inArray(users.role, ['manager', 'admin']))
      )
    )
}

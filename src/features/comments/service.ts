import { v7 as uuidv7 } from 'uuid'
import { audit } from '../../core/audit.ts'
import { recordListChanges } from '../../core/change-feed.ts'
import { atLeast, type Caller, type RequestContext } from '../../core/context.ts'
import { Problem, staleVersionProblem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { joinTransaction, type Tx, withTransaction } from '../../db/transaction.ts'
import { millisecondsOf, newId } from '../../lib/uuid.ts'
import { listVisibleAmong } from '../people/service.ts'
import { mayIn, roleIn } from '../project-access/service.ts'
import { type CommentedTask, countComment, lockCommented } from '../tasks/service.ts'
import { type CommentDeps, MAX_COMMENTS } from './deps.ts'
import { type CommentChange, commentChanges } from './feed.ts'
import { mentionsIn } from './mentions.ts'
import {
  deleteComment,
  findComment,
  findLastId,
  insertComment,
  listCommentsById,
  listCommentsOfOwner,
  updateComment
} from './queries.ts'
import type { TaskComment, TaskCommentCreate, TaskCommentUpdate } from './schema.ts'

export type { CommentDeps } from './deps.ts'
export { type ImportedComment, importComments } from './imported.ts'

/** Which comment, on which task. */
export interface CommentId {
  task_id: string
  comment_id: string
}
/** The versions that a conditional write accepts; undefined means any. */
type Versions = number[] | undefined

/** A read of all comments on the tasks of an owner, a page at a time. */
export const readOwnComments = (
  db: Db,
  ownerId: string,
  limit: number,
  after?: Pick<TaskComment, 'task_id' | 'id'>
) => listCommentsOfOwner(db, ownerId, limit, after)

/** Returns comments on tasks that the caller has been shown, by their ids. */
export async function readCommentsOn(
  db: Db,
  tasks: { owner_id: string; id: string }[],
  ids: string[]
): Promise<Map<string, TaskComment>> {
  const found = await listCommentsById(db, tasks, ids)
  return new Map(found.map((comment) => [comment.id, comment]))
}

const visibleTo = (db: Db, config: CommentDeps['config'], caller: Caller) => (ids: string[]) =>
  listVisibleAmong({ db, config }, caller, ids)

/** Comments on a task that the caller sees, in `tx` when there is one. */
export const createComment = (
  { db, config, storage }: CommentDeps,
  ctx: RequestContext,
  taskId: string,
  { body }: TaskCommentCreate,
  tx?: Tx
): Promise<TaskComment> =>
  joinTransaction(db, tx, async (tx) => {
    const task = await lockCommented(tx, ctx.caller, taskId)
    assertMayComment(ctx.caller, task)
    if (task.comment_count >= MAX_COMMENTS) {
      throw new Problem('quota_exceeded', {
        detail: `A task may have ${MAX_COMMENTS} comments. Delete some first.`
      })
    }
    storage.assertStorage(task.owner_id)
    const comment = await insertComment(tx, task, {
      id: idAfter(await findLastId(tx, task)),
      author_id: ctx.caller.id,
      body,
      mentions: await mentionsIn(tx, task, body, visibleTo(tx, config, ctx.caller))
    })
    await countComment(tx, task, 1)
    await record(tx, ctx, 'comment.created', task, comment)
    return comment
  })

/** Changes the text of the caller's own comment; when it is the same, nothing is written. */
export const changeComment = (
  { db, config, storage }: CommentDeps,
  ctx: RequestContext,
  id: CommentId,
  versions: Versions,
  { body }: TaskCommentUpdate
): Promise<TaskComment> =>
  withTransaction(db, async (tx) => {
    const { task, comment } = await lockComment(tx, ctx, id)
    if (comment.author_id !== ctx.caller.id) {
      throw new Problem('not_allowed', { detail: 'Only its author may change a comment.' })
    }
    checkVersion(comment, versions)
    if (body === undefined || body === comment.body) {
      return comment
    }
    storage.assertStorage(task.owner_id)
    const mentions = await mentionsIn(tx, task, body, visibleTo(tx, config, ctx.caller))
    const changed = await updateComment(tx, task, comment.id, { body, mentions })
    await record(tx, ctx, 'comment.updated', task, changed)
    return changed
  })

/** Deletes a comment for good. */
export const removeComment = (
  { db, storage }: CommentDeps,
  ctx: RequestContext,
  id: CommentId,
  versions: Versions
): Promise<void> =>
  withTransaction(db, async (tx) => {
    const { task, comment } = await lockComment(tx, ctx, id)
    if (comment.author_id !== ctx.caller.id && !mayModerate(ctx.caller, task)) {
      throw new Problem('not_allowed', {
        detail:
          "Only its author, the owner of the task and the project's admins may delete a comment."
      })
    }
    checkVersion(comment, versions)
    await deleteComment(tx, task, comment.id)
    tx.afterCommit(() => storage.noteRemoval([task.owner_id]))
    await countComment(tx, task, -1)
    await record(tx, ctx, 'comment.deleted', task, { ...comment, version: comment.version + 1 })
  })

/** Returns a comment; its task is locked until the transaction ends, so that it changes no more. */
async function lockComment(
  tx: Tx,
  { caller }: RequestContext,
  { task_id, comment_id }: CommentId
): Promise<{ task: CommentedTask; comment: TaskComment }> {
  const task = await lockCommented(tx, caller, task_id)
  const comment = await findComment(tx, task, comment_id)
  if (!comment) {
    throw new Problem('not_found')
  }
  return { task, comment }
}

/** Whoever sees a task comments on it; the assignee of a personal one has no role. */
function assertMayComment(caller: Caller, task: CommentedTask): void {
  const isAssignee = task.project_id === null && task.assignee_id === caller.id
  if (!isAssignee && !mayIn(roleOn(caller, task), 'comment')) {
    throw new Problem('not_allowed')
  }
}

/** Managers may delete the task, and so each comment. */
const mayModerate = (caller: Caller, task: CommentedTask): boolean =>
  atLeast(caller.role, 'manager') || mayIn(roleOn(caller, task), 'moderate')

const roleOn = (caller: Caller, { owner_id, member_role = null }: CommentedTask) =>
  roleIn(caller, { owner_id, member_role })

function checkVersion({ version }: TaskComment, versions: Versions): void {
  if (versions !== undefined && !versions.includes(version)) {
    throw staleVersionProblem(version, version > Math.max(...versions) ? ['body'] : [])
  }
}

/** Returns a new id that follows another: readers page by ids, and the clocks of two servers differ. */
function idAfter(last: string | undefined): string {
  const id = newId()
  return last === undefined || id > last ? id : uuidv7({ msecs: millisecondsOf(last) + 1 })
}

/** Writes the log, which names task and comment, but not what it says, and the feeds of whom the task concerns. */
async function record(
  tx: Tx,
  ctx: RequestContext,
  type: CommentChange,
  task: CommentedTask,
  comment: TaskComment
): Promise<void> {
  await audit.succeeded(tx, ctx, type, { task: task.id }, `comment ${comment.id}`)
  await recordListChanges(tx, ctx, commentChanges(type, task, comment))
}

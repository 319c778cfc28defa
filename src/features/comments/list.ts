import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { rowsThatFit } from '../../http/page-size.ts'
import { DEFAULT_LIMIT } from '../../http/pagination.schema.ts'
import { type Cursors, type Page, toPage } from '../../http/pagination.ts'
import { type CommentedTask, commentedTasks } from '../tasks/service.ts'
import { findComment, listComments } from './queries.ts'
import type { TaskComment } from './schema.ts'
import type { CommentId } from './service.ts'

/** Characters in a page that cannot make it too large. */
const MAX_UNMEASURED = 50_000

/** Reads what is said about tasks that the caller sees. */
export function createCommentReader(db: Db, cursors: Cursors) {
  const findTask = commentedTasks(db)

  async function visibleTask({ caller }: RequestContext, id: string): Promise<CommentedTask> {
    const task = await findTask(caller, id)
    if (!task) {
      throw new Problem('not_found')
    }
    return task
  }

  /** Reads from the comments on a task; again when there are none where some are counted, since the task has moved. */
  async function readOn<T>(
    ctx: RequestContext,
    taskId: string,
    read: (task: CommentedTask) => Promise<T[]>
  ): Promise<T[]> {
    const task = await visibleTask(ctx, taskId)
    const found = await read(task)
    return found.length > 0 || task.comment_count === 0
      ? found
      : read(await visibleTask(ctx, taskId))
  }

  return {
    /** Lists the comments on a task by key, oldest first. A page ends early before its text becomes too large. */
    async listComments(
      ctx: RequestContext,
      taskId: string,
      { limit = DEFAULT_LIMIT, cursor }: { limit?: number; cursor?: string }
    ): Promise<Page<TaskComment>> {
      const binding = JSON.stringify(['task_comments', ctx.caller.id, taskId])
      const after = cursor === undefined ? undefined : cursors.decode(binding, cursor)[0]
      const rows = await readOn(ctx, taskId, (task) => listComments(db, task, after, limit + 1))
      const page = toPage(rows, Math.min(limit, fittingRows(rows)), ({ id }) =>
        cursors.encode(binding, [id])
      )
      page.pagination.limit = limit
      return page
    },

    async findComment(
      ctx: RequestContext,
      { task_id, comment_id }: CommentId
    ): Promise<TaskComment> {
      const [comment] = await readOn(ctx, task_id, async (task) => {
        const found = await findComment(db, task, comment_id)
        return found ? [found] : []
      })
      if (!comment) {
        throw new Problem('not_found')
      }
      return comment
    }
  }
}

function fittingRows(rows: TaskComment[]): number {
  const length = rows.reduce((sum, { body }) => sum + body.length, 0)
  return length > MAX_UNMEASURED ? rowsThatFit(rows) : rows.length
}

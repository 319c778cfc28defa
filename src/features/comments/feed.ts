import type { ChangeType, ListChange } from '../../core/change-feed.ts'
import { newId } from '../../lib/uuid.ts'
import { type CommentedTask, feedsOf } from '../tasks/service.ts'
import type { TaskComment } from './schema.ts'

export type CommentChange = Extract<ChangeType, `comment.${string}`>

/** Returns what the feeds of those whom a task concerns say of a comment on it. */
export function commentChanges(
  type: CommentChange,
  task: CommentedTask,
  { id, version }: Pick<TaskComment, 'id' | 'version'>
): ListChange[] {
  const change = {
    id: newId(),
    type,
    resource_type: 'comment',
    resource_id: id,
    task_id: task.id,
    version,
    project_id: task.project_id,
    changed_fields: type === 'comment.updated' ? ['body'] : []
  } as const
  return feedsOf(task).map((feed) => ({ ...feed, ...change }))
}

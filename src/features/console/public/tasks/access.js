import { isCurrentUser } from '../lib/people.js'
import { knownProject, mayIn } from '../lib/projects.js'
import { isAtLeast } from '../lib/session.js'

/** Why some of a task cannot be changed. */
export const ACCESS_NOTES = {
  read: 'You can read this task, but not change it.',
  status: 'You can change the status of this task, and nothing else.'
}

/**
 * Returns what the user may do with a task: `edit`, `status` for an assignee who may change nothing else, or `read`.
 * The server decides; this hides what it would reject.
 */
export function accessTo(task) {
  const project = task.project_id === null ? undefined : knownProject(task.project_id)
  if (project?.archived) {
    return 'read'
  }
  const isOwn = isCurrentUser(task.owner_id) || isAtLeast('manager')
  if (isOwn || (project && mayIn(project, 'editor'))) {
    return 'edit'
  }
  return isCurrentUser(task.assignee_id) ? 'status' : 'read'
}

import { isCurrentUser } from '../lib/people.js'
import { knownProject, mayIn } from '../lib/projects.js'
import { isAtLeast } from '../lib/session.js'

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

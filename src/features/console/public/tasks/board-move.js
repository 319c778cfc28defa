import { call } from '../lib/api.js'
import { isAborted } from '../lib/problem.js'
import { toast, toastProblem } from '../ui/toast.js'
import { hasValues } from './fields.js'
import { STATUSES } from './labels.js'

/**
 * Moves a task to a column of the board, and in a manual order behind or before another: `{ status, after_id }` or
 * `{ status, before_id }`. Returns the task as it is then; undefined when nothing was moved, which the user is told.
 */
export async function moveOnBoard(task, place) {
  try {
    return await send(task, place)
  } catch (error) {
    if (error.code === 'stale_version') {
      return movedAlready(task, place, error)
    }
    if (!isAborted(error)) {
      toastProblem(`“${task.title}” was not moved.`, error)
    }
    return undefined
  }
}

const send = ({ id, version }, { status, ...beside }) =>
  Object.keys(beside).length > 0
    ? call('POST', `/tasks/${id}/move`, { body: { status, ...beside }, version })
    : call('PATCH', `/tasks/${id}`, { body: { status }, version })

/** A change of our own whose response was lost has been made; anybody else's comes first. */
async function movedAlready(task, { status, ...beside }, error) {
  const current = await call('GET', `/tasks/${task.id}`).catch(() => undefined)
  if (current && Object.keys(beside).length === 0 && hasValues(current, { status })) {
    return current
  }
  toastProblem(`“${task.title}” was changed in the meantime, and was not moved.`, error)
  return undefined
}

/** Says that a task is in another column now, and offers to take it back to the place that it came from. */
export function tellMoved(task, before, { origin, onUndone }) {
  if (task.status === before.status) {
    return
  }
  const undo = async () => {
    if (await moveOnBoard(task, origin)) {
      onUndone()
    }
  }
  toast(`Moved “${task.title}” to ${STATUSES[task.status]}.`, { undo })
}

import { call } from '../lib/api.js'
import { remember, stepBack } from '../lib/undo.js'
import { resolveConflict } from './conflict.js'
import { hasValues, withDue } from './fields.js'

/**
 * Changes a task unless it was changed since `seen`; in that case the user chooses between both versions. Returns the
 * task as it is afterwards. Throws AbortError when the user closes the choice. The change can be undone.
 */
export async function updateTask(seen, change) {
  try {
    const next = await call('PATCH', `/tasks/${seen.id}`, { body: change, version: seen.version })
    if (next.version > seen.version) {
      remember({ label: labelOf(seen, change), steps: [stepBack(withDue(seen), next, change)] })
    }
    return next
  } catch (error) {
    if (error.code !== 'stale_version') {
      throw error
    }
  }
  const current = await call('GET', `/tasks/${seen.id}`)
  // Covers a retry of our own change whose response was lost, too.
  if (hasValues(current, change)) {
    return current
  }
  const resolved = await resolveConflict(seen, change, current)
  if (resolved === undefined) {
    throw new DOMException('closed without a choice', 'AbortError')
  }
  return Object.keys(resolved).length > 0 ? updateTask(current, resolved) : current
}

function labelOf({ title }, { status }) {
  if (status === 'done') {
    return `“${title}” is done`
  }
  return status ? `the status of “${title}”` : `the change of “${title}”`
}

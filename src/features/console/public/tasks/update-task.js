import { call } from '../lib/api.js'
import { resolveConflict } from './conflict.js'
import { hasValues } from './fields.js'

/**
 * Changes a task unless it was changed since `seen`; in that case the user chooses between both versions. Returns the
 * task as it is afterwards. Throws AbortError when the user closes the choice.
 */
export async function updateTask(seen, change) {
  try {
    return await call('PATCH', `/tasks/${seen.id}`, { body: change, version: seen.version })
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

import { call } from '../lib/api.js'
import { chooseVersion } from './conflict.js'
import { isSame } from './words.js'

/**
 * Changes a task, provided that it still is as it was seen. If somebody was faster the person chooses among both
 * versions. Gives the task as it is afterwards; throws AbortError when the choice was put off.
 */
export async function changeTask(seen, change) {
  try {
    return await call('PATCH', `/tasks/${seen.id}`, { body: change, version: seen.version })
  } catch (error) {
    if (error.code !== 'stale_version') {
      throw error
    }
    const current = await call('GET', `/tasks/${seen.id}`)
    // Also when our own change had arrived and only its answer was lost.
    if (Object.entries(change).every(([field, value]) => isSame(field, value, current[field]))) {
      return current
    }
    const chosen = await chooseVersion(seen, change, current)
    if (chosen === undefined) {
      throw new DOMException('put off', 'AbortError')
    }
    return Object.keys(chosen).length > 0 ? changeTask(current, chosen) : current
  }
}

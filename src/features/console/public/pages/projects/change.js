import { call } from '../../lib/api.js'
import { forgetProjectList, rememberProject } from '../../lib/projects.js'
import { confirm } from '../../ui/dialog.js'
import { toast, toastProblem } from '../../ui/toast.js'

/** Changes a project. Throws when somebody else changed the same fields since it was `seen`. */
export async function changeProject(seen, change) {
  const send = ({ version }) => call('PATCH', `/projects/${seen.id}`, { body: change, version })
  try {
    return remember(await send(seen))
  } catch (error) {
    if (error.code !== 'stale_version') {
      throw error
    }
    const current = await call('GET', `/projects/${seen.id}`)
    const isSame = (field) => current[field] === seen[field] || current[field] === change[field]
    if (!Object.keys(change).every(isSame)) {
      throw Object.assign(error, { current })
    }
    return remember(await send(current))
  }
}

function remember(project) {
  rememberProject(project)
  forgetProjectList()
  return project
}

/** Archives a project or opens it again. Returns it as it is then, undefined when it could not be changed. */
export async function setArchived(project, archived, { onUndone } = {}) {
  try {
    const next = await changeProject(project, { archived })
    const undo = onUndone && (async () => onUndone(await setArchived(next, !archived)))
    toast(archived ? `Archived “${project.name}”.` : `Opened “${project.name}” again.`, { undo })
    return next
  } catch (error) {
    toastProblem(`“${project.name}” could not be ${archived ? 'archived' : 'opened'}.`, error)
    return undefined
  }
}

/** Asks, then moves a project into the trash. Tells whether it is there. `onRestored` is called after an undo. */
export async function deleteProject(project, { onRestored }) {
  const { name } = project
  const isConfirmed = await confirm({
    title: `Delete “${name}”?`,
    text:
      'The project goes into the trash with its tasks, and nobody sees it any more. ' +
      'Its owner can restore it there until it is deleted for good.',
    confirmLabel: 'Move to the trash'
  })
  if (!isConfirmed) {
    return false
  }
  try {
    await call('DELETE', `/projects/${project.id}`)
    forgetProjectList()
    const undo = async () => {
      if (await restoreProject(project)) {
        onRestored()
      }
    }
    toast(`Moved “${name}” to the trash.`, { undo })
    return true
  } catch (error) {
    toastProblem(`“${name}” could not be deleted.`, error)
    return false
  }
}

/** Restores a project with its tasks. Returns it, undefined when it could not be restored. */
export async function restoreProject(project) {
  try {
    const restored = await call('POST', `/projects/${project.id}/restore`, { retry: true })
    toast(`Restored “${project.name}”.`)
    return remember(restored)
  } catch (error) {
    toastProblem(`“${project.name}” could not be restored.`, error)
    return undefined
  }
}

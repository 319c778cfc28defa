import { call, QUIETLY } from '../../lib/api.js'
import { onChange } from '../../lib/live.js'
import { isCurrentUser } from '../../lib/people.js'
import { rememberProject } from '../../lib/projects.js'
import { hasDirtyForm } from '../../ui/dirty-forms.js'
import { toast } from '../../ui/toast.js'

const SETTLE_MS = 200
const BUSY_MS = 500
const FAILED_MS = 5000

/**
 * Keeps a page about a project as the project is: `seen()` is the one that it was made of, undefined when there is
 * none. What the page cannot `update` in its place, such as another role, has it made anew by `reload`, or replaced by
 * `showMissing` when the project is lost, once nothing is being typed. Returns how to stop.
 */
export function watchProject(id, { seen, update, reload, showMissing }) {
  let timer
  let isStopped = false
  const lookAfter = (ms, work) => {
    clearTimeout(timer)
    timer = isStopped ? undefined : setTimeout(work, ms)
  }
  const check = async (isGone) => {
    try {
      const project = isGone ? undefined : await loadProject(id)
      if (isStopped || isSameKind(project, seen())) {
        update(project)
      } else {
        tellLost(project, seen())
        whenIdle(project ? reload : showMissing)
      }
    } catch {
      lookAfter(FAILED_MS, () => check(isGone))
    }
  }
  const whenIdle = (work) => (isInUse() ? lookAfter(BUSY_MS, () => whenIdle(work)) : work())
  const stopListening = onChange((change) => {
    if (change === undefined || concerns(change, id)) {
      lookAfter(SETTLE_MS, () => check(isLost(change)))
    }
  })
  return () => {
    isStopped = true
    clearTimeout(timer)
    stopListening()
  }
}

function concerns({ type, project_id, resource }, id) {
  return (
    (resource.id === id && /^(project|access)\./.test(type)) ||
    (type === 'member.changed' && project_id === id && isCurrentUser(resource.id))
  )
}

/** Tells whether a change says by itself that the user does not see the project any more: asking would be refused. */
const isLost = (change) => change?.type === 'access.lost'

/** Returns the project, undefined when it cannot be seen. */
async function loadProject(id) {
  try {
    const project = await call('GET', `/projects/${id}`, QUIETLY)
    rememberProject(project)
    return project
  } catch (error) {
    if (error.status === 404) {
      return undefined
    }
    throw error
  }
}

const isSameKind = (project, seen) =>
  project?.role === seen?.role && project?.archived === seen?.archived

function tellLost(project, seen) {
  if (!project && seen) {
    toast(`You do not see “${seen.name}” any more.`)
  }
}

const IN_USE = 'dialog[open], .task-editing, .task-draft'
const TYPED = 'main form :is(input:not([type]), input[type=text]):not(:placeholder-shown)'

/** Tells whether something is typed or chosen that a new page would lose. */
const isInUse = () =>
  hasDirtyForm() ||
  document.querySelector(IN_USE) !== null ||
  [...document.querySelectorAll(TYPED)].some(({ value }) => value !== '')

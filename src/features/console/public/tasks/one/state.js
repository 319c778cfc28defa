import { call, QUIETLY } from '../../lib/api.js'
import { onChange } from '../../lib/live.js'
import { isAborted } from '../../lib/problem.js'
import { loadProjectsOf } from '../../lib/projects.js'
import { isWriting } from '../../lib/writes.js'
import { toastProblem } from '../../ui/toast.js'
import { isSameValue, withDue } from '../fields.js'
import { updateTask } from '../update-task.js'

const SETTLE_MS = 150
const BUSY_MS = 250
const FAILED_MS = 5000

/** Loads a task and what is needed to show it. */
export async function loadTask(id, options) {
  const task = await call('GET', `/tasks/${id}`, options)
  await loadProjectsOf([task])
  return task
}

/**
 * Holds the task of a page: `task()` as it is known, `watch(show)` for whoever shows a part of it, and
 * `save(change, seen)`. Follows changes made elsewhere; `onGone()` is called when the user sees the task no more.
 */
export const taskState = (task, options) => new TaskState(task, options)

class TaskState {
  #task
  #onGone
  #watchers = new Set()
  #abort = new AbortController()
  #saving = Promise.resolve()
  #timer
  #stopListening

  constructor(task, { onGone }) {
    this.#task = task
    this.#onGone = onGone
    this.#stopListening = onChange((change) => {
      if (concernsTask(change, this.#task)) {
        this.#schedule(SETTLE_MS)
      }
    })
  }

  task = () => this.#task

  watch(watcher) {
    this.#watchers.add(watcher)
    watcher(this.#task)
  }

  /** Saves one change after the other. `seen` is the task that the user saw when they made it. */
  save(change, seen = this.#task) {
    const attempt = async () => {
      const base = isUntouched(change, seen, this.#task) ? this.#task : seen
      const next = await updateTask(base, change)
      await loadProjectsOf([next])
      this.#show(next)
      return next
    }
    this.#saving = this.#saving.then(attempt, attempt)
    return this.#saving
  }

  stop() {
    clearTimeout(this.#timer)
    this.#abort.abort()
    this.#stopListening()
  }

  #show(next) {
    if (next.version >= this.#task.version && !this.#abort.signal.aborted) {
      this.#task = next
      for (const watcher of this.#watchers) {
        watcher(next)
      }
    }
  }

  #schedule(ms) {
    this.#timer ??= setTimeout(() => this.#refresh(), ms)
  }

  async #refresh() {
    this.#timer = undefined
    const { signal } = this.#abort
    if (isWriting() || document.querySelector('dialog[open]')) {
      this.#schedule(BUSY_MS)
      return
    }
    try {
      this.#show(await loadTask(this.#task.id, { ...QUIETLY, signal }))
    } catch (error) {
      if (signal.aborted || isAborted(error)) {
        return
      }
      if (error.status === 404) {
        this.#onGone()
      } else {
        this.#schedule(Math.max(FAILED_MS, (error.retryAfter ?? 0) * 1000))
      }
    }
  }
}

/** Tells whether what a change is about is still as the user saw it, so that nothing of others is overwritten. */
const isUntouched = (change, seen, task) =>
  Object.keys(change).every((field) =>
    isSameValue(field, withDue(seen)[field], withDue(task)[field])
  )

/** What the user may do depends on their role in the project as well. */
const concernsTask = (change, { id, project_id }) =>
  change === undefined ||
  change.resource.id === id ||
  (change.resource.type !== 'task' &&
    change.resource.type !== 'comment' &&
    project_id !== null &&
    (change.project_id === project_id || change.resource.id === project_id))

/** Saves a change that needs no form. Resolves to undefined where that failed, which is said. */
export async function saveOrSay(state, change, seen) {
  try {
    return await state.save(change, seen)
  } catch (error) {
    if (!isAborted(error)) {
      toastProblem('This was not saved.', error)
    }
    return undefined
  }
}

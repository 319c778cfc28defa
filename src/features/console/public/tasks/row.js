import { call } from '../lib/api.js'
import { h, replace } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { newestChange, remember } from '../lib/undo.js'
import { isMadeHere } from '../lib/writes.js'
import { button } from '../ui/button.js'
import { icon } from '../ui/icons.js'
import { keepingFocus } from '../ui/keep-focus.js'
import { toast, toastProblem } from '../ui/toast.js'
import { accessTo } from './access.js'
import { hasValues } from './fields.js'
import { showHistory } from './history.js'
import { STATUSES } from './labels.js'
import { renderTask } from './row-content.js'
import { createMark } from './row-mark.js'
import { taskForm } from './task-form.js'
import { updateTask } from './update-task.js'

const actionsOf = new WeakMap()
/**
 * Returns what can be done to the task of a row: edit, toggle, remove, restore, history. What the user may not do
 * returns false. `task()` is the task that it shows; `update(task)` shows a newer state, and `learn(change)` tells
 * whether one is to be loaded. `select(isSelected)` marks the row, and `tell(text)` says what became of an action.
 */
export const rowActions = (row) => actionsOf.get(row)

/**
 * Creates the row of a task. `onChange` is called after every change that the server confirmed, `onSettled` when the
 * user has stopped editing a task that was changed elsewhere.
 */
export function taskRow(task, { onChange = () => {}, onSettled = () => {}, ...options } = {}) {
  const row = h('li', { class: 'task' })
  const mark = createMark(row, options)
  const show = (next) => {
    task = next
    renderTask(row, task, actions, options)
    mark.show(task)
  }
  const actions = {
    task: () => task,
    ...mark.actions,
    edit: () => edit(row, task, { show, onChange, onSettled }),
    toggle: () => accessTo(task) !== 'read' && toggle(row, task, { show, onChange }),
    remove: () => accessTo(task) === 'edit' && remove(row, task, { show, onChange }),
    restore: () => restore(row, task, { onChange }),
    history: () => showHistory(task),
    update: (next) => {
      if (next.version >= task.version && !isBusy(row)) {
        keepingFocus(row, row, () => show(next))
      }
    },
    learn: (change) => {
      const isNews = (change.resource.version ?? Infinity) > task.version
      if (!isNews || (isBusy(row) && isMadeHere(change))) {
        return false
      }
      tellEditor(row, change)
      return true
    }
  }
  actionsOf.set(row, actions)
  show(task)
  return row
}

/** Tells whether a row is being edited or saved. Another change would be based on an outdated version. */
const isBusy = (row) =>
  row.getAttribute('aria-busy') === 'true' || row.querySelector('form') !== null

/** Says in the form of a task, if it is open, that the task is not any more as the form found it. */
function tellEditor(row, { data }) {
  const hint = row.querySelector('.task-hint')
  if (hint) {
    hint.textContent = data === null ? HINTS.gone : HINTS.changed
  }
}

const HINTS = {
  changed:
    'This task was changed elsewhere. What you typed is kept; when you save, you choose between both versions.',
  gone: 'This task was deleted elsewhere, or you do not see it any more. What you typed is kept here.'
}

/** Turns the row into a form, and back when the user saves or cancels. */
function edit(row, task, { show, onChange, onSettled }) {
  if (isBusy(row)) {
    return
  }
  const hint = h('p', { class: 'task-hint', role: 'status' })
  const close = (next) => {
    show(next)
    row.querySelector('.task-title').focus()
    if (hint.textContent !== '') {
      onSettled()
    }
  }
  const save = async (change) => {
    if (Object.keys(change).length === 0) {
      close(task)
      return
    }
    const next = await updateTask(task, change)
    close(next)
    if (next === task) {
      return
    }
    onChange(next)
    // After a conflict the user may have kept the other version.
    const isSaved = hasValues(next, change)
    toast(
      isSaved ? 'Task saved.' : 'Showing the current version of the task.',
      isSaved && { undo: newestChange() }
    )
  }
  const form = taskForm(task, {
    submitLabel: 'Save',
    access: accessTo(task),
    save,
    cancel: () => close(task),
    moreButtons: button([icon('history'), 'History'], () => showHistory(task), {
      kind: 'button-quiet'
    })
  })
  form.node.querySelector('.form-outcome').before(hint)
  row.className = 'task task-editing'
  replace(row, form.node)
  form.focus()
}

/** Completes or reopens a task. Shows the change at once and reverts it if the server rejects it. */
async function toggle(row, task, { show, onChange }) {
  if (isBusy(row)) {
    // The browser has already toggled the checkbox.
    const checkbox = row.querySelector('.task-checkbox')
    if (checkbox) {
      checkbox.checked = task.completed
    }
    return
  }
  const status = task.completed ? 'todo' : 'done'
  const showKeepingFocus = (next) => keepingFocus(row, row, () => show(next))
  showKeepingFocus({ ...task, status, completed: status === 'done' })
  row.setAttribute('aria-busy', 'true')
  try {
    const next = await updateTask(task, { status })
    showKeepingFocus(next)
    onChange(next)
    if (next.completed && !task.completed) {
      toast(`“${task.title}” is done.`, { undo: newestChange() })
    }
  } catch (error) {
    showKeepingFocus(task)
    if (!isAborted(error)) {
      toastProblem(`“${task.title}” is still ${STATUSES[task.status].toLowerCase()}.`, error)
    }
  } finally {
    row.removeAttribute('aria-busy')
  }
}

/** Deletes a task. The row disappears at once and returns on undo, or if the server rejects the deletion. */
async function remove(row, task, { show, onChange }) {
  if (isBusy(row)) {
    return
  }
  const { parentElement: list, nextElementSibling: next } = row
  const neighbour = neighbourOf(row)
  const putBack = (shown) => {
    list.insertBefore(row, next?.parentElement === list ? next : null)
    show(shown)
    row.querySelector('.task-title').focus()
  }
  const onUndone = ([restored]) => {
    if (restored && list.isConnected) {
      list.querySelector(`[data-id="${task.id}"]`)?.remove()
      putBack(restored)
      onChange(task)
    }
  }
  row.remove()
  neighbour?.querySelector('.task-title')?.focus()
  try {
    await call('DELETE', `/tasks/${task.id}`, { version: task.version })
    onChange(task)
    const text = `Moved “${task.title}” to the trash.`
    toast(text, { undo: rememberDeletion(task, onUndone) })
  } catch (error) {
    await putBackRejected(task, putBack, error)
  }
}

/** Returns the row that gets the focus when this one goes; between rows there may be heads of groups. */
export function neighbourOf(row) {
  const rows = [...row.parentElement.querySelectorAll(':scope > .task')]
  const at = rows.indexOf(row)
  return rows[at + 1] ?? rows[at - 1]
}

/** Remembers that a task was moved to the trash. */
export const rememberDeletion = ({ id, title, version }, onUndone) =>
  remember({
    label: `“${title}” was moved to the trash`,
    steps: [{ op: 'restore', id, from: version }],
    onUndone
  })

async function putBackRejected(task, putBack, error) {
  if (error.code === 'stale_version') {
    putBack(await call('GET', `/tasks/${task.id}`).catch(() => task))
    toastProblem(
      `“${task.title}” was changed in the meantime and was not deleted. Check the current version.`,
      error
    )
  } else {
    putBack(task)
    toastProblem(`“${task.title}” could not be deleted.`, error)
  }
}

async function restore(row, task, { onChange }) {
  try {
    await call('POST', `/tasks/${task.id}/restore`, { retry: true })
    row.remove()
    onChange(task)
    toast(`Restored “${task.title}”.`)
  } catch (error) {
    toastProblem(`“${task.title}” could not be restored.`, error)
  }
}

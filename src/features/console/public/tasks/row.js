import { call } from '../lib/api.js'
import { h, replace } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { button } from '../ui/button.js'
import { icon } from '../ui/icons.js'
import { toast, toastProblem } from '../ui/toast.js'
import { accessTo } from './access.js'
import { hasValues } from './fields.js'
import { showHistory } from './history.js'
import { STATUSES } from './labels.js'
import { renderTask } from './row-content.js'
import { taskForm } from './task-form.js'
import { updateTask } from './update-task.js'

const actionsOf = new WeakMap()
/**
 * Returns what can be done to the task of a row: edit, toggle, remove, restore, history. What the user may not do
 * returns false.
 */
export const rowActions = (row) => actionsOf.get(row)

/** Creates the row of a task. `onChange` is called after every change that the server confirmed. */
export function taskRow(task, { onChange = () => {}, ...options } = {}) {
  const row = h('li', { class: 'task' })
  const show = (next) => {
    task = next
    renderTask(row, task, actions, options)
  }
  const actions = {
    edit: () => edit(row, task, { show, onChange }),
    toggle: () => accessTo(task) !== 'read' && toggle(row, task, { show, onChange }),
    remove: () => accessTo(task) === 'edit' && remove(row, task, { show, onChange }),
    restore: () => restore(row, task, { onChange }),
    history: () => showHistory(task)
  }
  actionsOf.set(row, actions)
  show(task)
  return row
}

/** Tells whether a row is being edited or saved. Another change would be based on an outdated version. */
const isBusy = (row) =>
  row.getAttribute('aria-busy') === 'true' || row.querySelector('form') !== null

/** Turns the row into a form, and back when the user saves or cancels. */
function edit(row, task, { show, onChange }) {
  if (isBusy(row)) {
    return
  }
  const close = (next) => {
    show(next)
    row.querySelector('.task-title').focus()
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
    toast(hasValues(next, change) ? 'Task saved.' : 'Showing the current version of the task.')
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
  const showKeepingFocus = keepingFocus(row, show)
  showKeepingFocus({ ...task, status, completed: status === 'done' })
  row.setAttribute('aria-busy', 'true')
  try {
    const next = await updateTask(task, { status })
    showKeepingFocus(next)
    onChange(next)
  } catch (error) {
    showKeepingFocus(task)
    if (!isAborted(error)) {
      toastProblem(`“${task.title}” is still ${STATUSES[task.status].toLowerCase()}.`, error)
    }
  } finally {
    row.removeAttribute('aria-busy')
  }
}

/** Wraps `show`, which replaces the elements of the row, so that the focus stays where it is now. */
function keepingFocus(row, show) {
  const focused = row.contains(document.activeElement) && document.activeElement.className
  return (next) => {
    show(next)
    if (focused) {
      row.querySelector(focused === 'task-checkbox' ? '.task-checkbox' : '.task-title')?.focus()
    }
  }
}

/** Deletes a task. The row disappears at once and returns on undo, or if the server rejects the deletion. */
async function remove(row, task, { show, onChange }) {
  if (isBusy(row)) {
    return
  }
  const { parentElement: list, nextElementSibling: next } = row
  const neighbour = next ?? row.previousElementSibling
  const putBack = (shown) => {
    list.insertBefore(row, next?.parentElement === list ? next : null)
    show(shown)
    row.querySelector('.task-title').focus()
  }
  const undo = async () => {
    try {
      putBack(await call('POST', `/tasks/${task.id}/restore`, { retry: true }))
      onChange(task)
    } catch (error) {
      toastProblem(`“${task.title}” could not be restored.`, error)
    }
  }
  row.remove()
  neighbour?.querySelector('.task-title')?.focus()
  try {
    await call('DELETE', `/tasks/${task.id}`, { version: task.version })
    onChange(task)
    toast(`Moved “${task.title}” to the trash.`, { undo })
  } catch (error) {
    await putBackRejected(task, putBack, error)
  }
}

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

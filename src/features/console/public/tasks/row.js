import { call } from '../lib/api.js'
import { h, replace } from '../lib/dom.js'
import { isMe, personNode } from '../lib/people.js'
import { isAborted } from '../lib/problem.js'
import { dueText, fullTime, isOverdue, sinceText } from '../lib/time.js'
import { icon } from '../ui/icons.js'
import { toast, toastProblem } from '../ui/toast.js'
import { changeTask } from './change.js'
import { showHistory } from './history.js'
import { taskForm } from './task-form.js'
import { isSame, PRIORITY, STATUS } from './words.js'

const actsOf = new WeakMap()
/** What can be done to the task that a row shows: edit, toggle, remove, history. */
export const rowActs = (row) => actsOf.get(row)

/** A task in a list. `changed` hears of every change that the server has confirmed. */
export function taskRow(task, { changed = () => {}, withOwner = false, openTag } = {}) {
  const row = h('li', { class: 'task' })
  const show = (next) => {
    task = next
    paint(row, task, acts, { withOwner, openTag })
  }
  const acts = {
    edit: () => edit(row, task, { show, changed }),
    toggle: () => toggle(task, { row, show, changed }),
    remove: () => remove(row, task, { show, changed }),
    restore: () => restore(row, task, { changed }),
    history: () => showHistory(task)
  }
  actsOf.set(row, acts)
  show(task)
  return row
}

function paint(row, task, acts, { withOwner, openTag }) {
  const isDeleted = task.deleted_at !== null
  const isLate = isOverdue(task)
  row.className = `task${task.completed ? ' task-done' : ''}${isLate ? ' task-late' : ''}`
  row.dataset.id = task.id
  replace(
    row,
    isDeleted
      ? h('span', { class: 'tick-space' }, icon('trash'))
      : h('input', {
          type: 'checkbox',
          class: 'tick',
          checked: task.completed,
          indeterminate: task.status === 'in_progress',
          'aria-label': `Done: ${task.title}`,
          onchange: acts.toggle
        }),
    h(
      'div',
      { class: 'task-main' },
      isDeleted
        ? h('p', { class: 'task-title' }, task.title)
        : h('button', { type: 'button', class: 'task-title', onclick: acts.edit }, task.title),
      task.description && h('p', { class: 'task-text' }, task.description),
      h(
        'p',
        { class: 'task-facts' },
        task.status === 'in_progress' &&
          h('span', { class: 'badge badge-accent' }, STATUS.in_progress),
        task.priority !== 'medium' &&
          h(
            'span',
            { class: `badge badge-${task.priority}` },
            `${PRIORITY[task.priority]} priority`
          ),
        task.due_date &&
          h(
            'time',
            { class: 'due', datetime: task.due_date, title: fullTime(task.due_date) },
            icon('clock'),
            isLate ? 'Overdue: ' : 'Due ',
            dueText(task.due_date)
          ),
        task.tags.map((tag) =>
          openTag
            ? h(
                'button',
                {
                  type: 'button',
                  class: 'tag',
                  'aria-label': `Tasks tagged ${tag}`,
                  onclick: () => openTag(tag)
                },
                tag
              )
            : h('span', { class: 'tag' }, tag)
        ),
        withOwner &&
          h(
            'span',
            { class: 'fact' },
            isMe(task.owner_id) ? 'Yours' : ['Of ', personNode(task.owner_id)]
          ),
        task.assignee_id && h('span', { class: 'fact' }, 'For ', personNode(task.assignee_id)),
        isDeleted && h('span', { class: 'fact' }, 'Deleted ', sinceText(task.deleted_at))
      )
    ),
    h(
      'div',
      { class: 'task-acts' },
      isDeleted
        ? h(
            'button',
            {
              type: 'button',
              class: 'button',
              onclick: acts.restore,
              'aria-label': `Restore ${task.title}`
            },
            icon('undo'),
            'Restore'
          )
        : [
            h(
              'button',
              {
                type: 'button',
                class: 'icon-button',
                'aria-label': `History of ${task.title}`,
                title: 'History',
                onclick: acts.history
              },
              icon('history')
            ),
            h(
              'button',
              {
                type: 'button',
                class: 'icon-button',
                'aria-label': `Edit ${task.title}`,
                title: 'Edit',
                onclick: acts.edit
              },
              icon('edit')
            ),
            h(
              'button',
              {
                type: 'button',
                class: 'icon-button icon-danger',
                'aria-label': `Delete ${task.title}`,
                title: 'Delete',
                onclick: acts.remove
              },
              icon('trash')
            )
          ]
    )
  )
}

/** A form is open in it, or the answer to a change is still out: another one would be for a version that is going. */
const isBusy = (row) =>
  row.getAttribute('aria-busy') === 'true' || row.querySelector('form') !== null

/** The row becomes a form, and a row again when it is saved or given up. */
function edit(row, task, { show, changed }) {
  if (isBusy(row)) {
    return
  }
  const back = (next) => {
    show(next)
    row.querySelector('.task-title').focus()
  }
  const made = taskForm(task, {
    act: 'Save',
    cancel: () => back(task),
    more: h(
      'button',
      { type: 'button', class: 'button button-quiet', onclick: () => showHistory(task) },
      icon('history'),
      'History'
    ),
    save: async (change) => {
      const next = Object.keys(change).length > 0 ? await changeTask(task, change) : task
      back(next)
      if (next === task) {
        return
      }
      changed(next)
      // Somebody who kept the other version has saved nothing.
      toast(
        Object.entries(change).every(([field, value]) => isSame(field, value, next[field]))
          ? 'Saved.'
          : 'This is how the task is now.'
      )
    }
  })
  row.className = 'task task-open'
  replace(row, made.node)
  made.focus()
}

/** Shown at once, and taken back if the server does not agree. */
async function toggle(task, { row, show, changed }) {
  if (isBusy(row)) {
    // The browser has turned the box already.
    const box = row.querySelector('.tick')
    if (box) {
      box.checked = task.completed
    }
    return
  }
  const status = task.completed ? 'todo' : 'done'
  const hadFocus = row.contains(document.activeElement) && document.activeElement.className
  const paintWith = (next) => {
    show(next)
    if (hadFocus) {
      row.querySelector(hadFocus === 'tick' ? '.tick' : '.task-title')?.focus()
    }
  }
  paintWith({ ...task, status, completed: status === 'done' })
  row.setAttribute('aria-busy', 'true')
  try {
    const next = await changeTask(task, { status })
    paintWith(next)
    changed(next)
  } catch (error) {
    paintWith(task)
    if (!isAborted(error)) {
      toastProblem(`«${task.title}» is still ${STATUS[task.status].toLowerCase()}.`, error)
    }
  } finally {
    row.removeAttribute('aria-busy')
  }
}

/** Leaves the list at once; comes back by undo, or if the server refuses. */
async function remove(row, task, { show, changed }) {
  if (isBusy(row)) {
    return
  }
  const { parentElement: list, nextElementSibling: next } = row
  const neighbour = next ?? row.previousElementSibling
  const back = (shown) => {
    list.insertBefore(row, next?.parentElement === list ? next : null)
    show(shown)
    row.querySelector('.task-title').focus()
  }
  row.remove()
  neighbour?.querySelector('.task-title')?.focus()
  try {
    await call('DELETE', `/tasks/${task.id}`, { version: task.version })
    changed(task)
    toast(`«${task.title}» is in the trash.`, {
      undo: async () => {
        try {
          back(await call('POST', `/tasks/${task.id}/restore`, { repeat: true }))
          changed(task)
        } catch (error) {
          toastProblem(`«${task.title}» is still in the trash.`, error)
        }
      }
    })
  } catch (error) {
    const current =
      error.code === 'stale_version'
        ? await call('GET', `/tasks/${task.id}`).catch(() => task)
        : task
    back(current)
    toastProblem(
      error.code === 'stale_version'
        ? `«${task.title}» was changed meanwhile and is not deleted. This is how it is now.`
        : `«${task.title}» is not deleted.`,
      error
    )
  }
}

async function restore(row, task, { changed }) {
  try {
    await call('POST', `/tasks/${task.id}/restore`, { repeat: true })
    row.remove()
    changed(task)
    toast(`«${task.title}» is out of the trash.`)
  } catch (error) {
    toastProblem(`«${task.title}» is still in the trash.`, error)
  }
}

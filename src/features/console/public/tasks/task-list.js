import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { loadProjectsOf } from '../lib/projects.js'
import { isMadeHere } from '../lib/writes.js'
import { button } from '../ui/button.js'
import { emptyState } from '../ui/empty-state.js'
import { firstSteps } from '../ui/first-steps.js'
import { infiniteList } from '../ui/infinite-list.js'
import { keepLive } from '../ui/keep-live.js'
import { toast } from '../ui/toast.js'
import { isGroupHead, keepGrouped } from './grouping.js'
import { listPlan } from './list-plan.js'
import { neighbourOf, rowActions, taskRow } from './row.js'
import { selectableRows } from './selectable.js'
import { withSelection } from './selection.js'
import { isFiltered } from './task-query.js'

/**
 * Creates the list of tasks that match `filters()`: the user's, everybody's with `scope`, or those of a `project`.
 * `add(task, draft)` puts a new task in the place of its draft, or at the top.
 */
export function taskList(options) {
  const { title, project, filters, onRefresh } = options
  let plan
  const row = (task) => listedRow(task, { ...options, list, onSettled: () => live.refresh() })
  const list = infiniteList({
    noun: ['task', 'tasks'],
    row,
    keep: (node) => node.matches('.task-editing, .task-draft') || isGroupHead(node),
    update: updateRow,
    list: h('ul', { class: 'list tasks', 'aria-label': title }),
    load: (cursor, signal, quietly) => plan.load(cursor, signal, quietly),
    empty: () => emptyTasks(filters(), options)
  })
  const groups = keepGrouped(list.list, () => plan?.by)
  const live = keepLive(list, {
    concerns: (change) => concernsTasks(change, list.list, project),
    project,
    onRefresh
  })
  const view = {
    node: list.node,
    list: list.list,
    stop: () => {
      live.stop()
      list.stop()
      groups.stop()
    },
    reload: () => {
      const before = plan?.grouping
      plan = listPlan(filters(), options, loadTasks)
      if (plan.grouping !== before) {
        groups.reset()
      }
      list.list.dataset.grouping = plan.grouping ?? ''
      list.list.classList.toggle('tasks-roomy', filters().rows === 'roomy')
      return list.reload()
    },
    add: (task, draft) => {
      addRow(list.list, row(task), draft)
      list.updateCount()
    }
  }
  return withSelection(view, { tasks: selectableRows(view.list), onChange: options.onChange })
}

function listedRow(task, { scope, project, list, onTagClick, onChange, onSettled }) {
  const node = taskRow(task, {
    onTagClick,
    onSettled,
    showOwner: scope === 'all',
    showProject: project === undefined,
    onChange: (next) => {
      if (project && next.project_id !== project.id) {
        removeMoved(node, next)
      }
      list.updateCount()
      onChange()
    }
  })
  return node
}

function addRow(list, row, draft) {
  list.querySelector(`[data-id="${row.dataset.id}"]`)?.remove()
  if (draft) {
    draft.replaceWith(row)
  } else {
    list.prepend(row)
  }
}

/** Shows a task that has changed in its row. */
export function updateRow(row, task) {
  rowActions(row).update(task)
  return row
}

/**
 * Tells whether a list of tasks, of a project or of all, may differ after a change. A row in which somebody types says
 * that the task has changed.
 */
function concernsTasks(change, list, project) {
  const { type, resource, project_id } = change
  const isHere = project === undefined || project_id === project.id
  if (resource.type !== 'task') {
    return isHere && /^(access\.|project\.(deleted|restored))/.test(type)
  }
  const row = list.querySelector(`[data-id="${resource.id}"]`)
  // What was made here is shown already, and what was deleted here is not any more.
  return row ? rowActions(row).learn(change) : isHere && !isMadeHere(change)
}

/** Loads a page of tasks, and the projects that they are in. */
export async function loadTasks(query, signal, options) {
  const loaded = await call('GET', '/tasks', { query, signal, ...options })
  await loadProjectsOf(loaded.data)
  return loaded
}

/** A task that went to another list is not part of this one any more. */
function removeMoved(node, { title }) {
  const neighbour = neighbourOf(node)
  node.remove()
  neighbour?.querySelector('.task-title')?.focus()
  toast(`“${title}” is not in this project any more.`)
}

const NOTHING = {
  today: ['Nothing left for today', 'No open task is due today or overdue.'],
  upcoming: ['Nothing planned', 'No open task is due after today.']
}

function emptyTasks(filters, { scope, project, days, mayAdd, showAll }) {
  if (isFiltered(filters)) {
    const reset = button('Show all open tasks', showAll)
    return emptyState('No tasks found', 'No task matches these filters.', reset)
  }
  if (days) {
    return emptyState(...NOTHING[days])
  }
  const whenEmpty = project ? (node) => node : firstSteps
  const none = project ? 'There are no open tasks in this project.' : 'You have no open tasks.'
  return scope === 'all'
    ? emptyState('All done', 'There are no open tasks.')
    : whenEmpty(emptyState('All done', mayAdd ? `${none} Enter a title above, or press n.` : none))
}
